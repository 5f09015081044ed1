"""Reads a finished quickstart (smoke profile) as docs/results-in-python.md says."""
import sys

import h5py
import numpy
import xarray

folder = sys.argv[1]
for engine in ("h5netcdf", "netcdf4"):
    with xarray.open_dataset(f"{folder}/study.h5", group="grid", engine=engine) as grid:
        accuracy = grid["eval.accuracy"]
        assert accuracy.dims == ("pruned.pruner", "pruned.pruner.sparsity", "small.quantizer.bits", "replicate"), accuracy.dims
        assert accuracy.shape == (3, 3, 2, 2), accuracy.shape
        assert list(grid["pruned.pruner"].values) == ["magnitude", "wanda", "random"]
        assert list(grid["pruned.pruner.sparsity"].values) == [0.5, 0.75, 0.9]
        assert (grid["status"] == 1).all()
        one = accuracy.sel({"pruned.pruner": "wanda", "pruned.pruner.sparsity": 0.9}).mean("replicate")
        assert one.shape == (2,) and numpy.isfinite(one).all()
        sparsity = grid["eval.sparsity"].sel({"pruned.pruner": "magnitude", "pruned.pruner.sparsity": 0.75})
        assert (abs(sparsity - 0.75) < 1e-3).all()
    with xarray.open_dataset(f"{folder}/study.h5", group="cells", engine=engine) as cells:
        assert cells.sizes["cell"] == 36
        assert set(cells["pruned.pruner"].values) == {"magnitude", "wanda", "random"}
    with xarray.open_dataset(f"{folder}/study.h5", group="curves/base.loss", engine=engine) as curve:
        assert curve["value"].dims == ("cell", "step") and curve["value"].shape == (36, 20)
with h5py.File(f"{folder}/study.h5") as file:
    assert "[stage.base]" in file["provenance/study"][()].decode()
    assert file["cells/config"].shape == (36,)
