"""Opens what study_file_test.cpp wrote, as a user would: h5py, and xarray with both engines."""
import glob
import sys

import h5py
import numpy
import xarray

folder = sys.argv[1]
ENGINES = ("h5netcdf", "netcdf4")


def groups(file):
    """Every group that holds variables, as xarray names it."""
    found = set()
    with h5py.File(file) as h5:
        h5.visititems(lambda name, item: found.add(name.rpartition("/")[0]) if isinstance(item, h5py.Dataset) else None)
    return sorted(found)


def text(values):
    return [v.decode() if isinstance(v, bytes) else v for v in values]


# Every group of every file opens whole, with both engines and the same content.
files = sorted(glob.glob(f"{folder}/*.h5"))
assert len(files) == 7, files
for file in files:
    for group in groups(file):
        first, second = (xarray.load_dataset(file, group=group, engine=engine) for engine in ENGINES)
        assert set(first.variables) == set(second.variables), (file, group)
        for name in first.variables:
            assert first[name].dims == second[name].dims, (file, group, name)
            a, b = first[name].values, second[name].values
            if a.dtype.kind == "f":
                numpy.testing.assert_array_equal(a, b)
            else:
                assert text(a.ravel()) == text(b.ravel()) if a.dtype.kind in "OSU" else (a == b).all(), (file, name)

for engine in ENGINES:
    grid = xarray.load_dataset(f"{folder}/full.h5", group="grid", engine=engine)
    accuracy = grid["eval.accuracy"]
    assert accuracy.dims == ("pruned.keep", "pruned.pruner", "replicate"), accuracy.dims
    assert accuracy.shape == (3, 2, 2)
    assert list(grid["pruned.keep"].values) == [0.25, 0.5, 0.75]
    assert list(grid["pruned.pruner"].values) == ["magnitude", "größe"]
    assert float(accuracy.sel({"pruned.keep": 0.75, "pruned.pruner": "größe", "replicate": 1})) == 211
    status = grid["status"].values
    assert status.sum() == 10 + 2 and status[1, 0, 1] == 2 and status[1, 1, 1] == 0, status
    assert (numpy.isnan(accuracy.values) == (status != 1)).all()
    assert set(grid.data_vars) == {"status", "eval.accuracy", "eval.a|b"}, set(grid.data_vars)

    cells = xarray.load_dataset(f"{folder}/full.h5", group="cells", engine=engine)
    assert cells.sizes["cell"] == 12 and all(v.dims == ("cell",) for v in cells.values())
    assert cells["message"].values[5] == "Latin-1 \ufffd, cut \ufffd\ufffd, nul \ufffdend, good €", cells["message"].values[5]
    assert cells["failed_stage"].values[5] == "pruned"
    assert list(cells["pruned.pruner"].values[:3]) == ["magnitude", "magnitude", "größe"]

    loss = xarray.load_dataset(f"{folder}/full.h5", group="curves/base.loss", engine=engine)["value"]
    assert loss.dims == ("cell", "step") and list(loss["step"].values) == [0, 10, 20]
    assert loss.shape == (10, 3) and list(loss.sel(cell=11).values) == [3, 2, 2]

assert "grid" not in {g for name in ("irregular", "twice", "beyond", "large") for g in groups(f"{folder}/{name}.h5")}
assert "grid" in groups(f"{folder}/nothing.h5")
single = xarray.load_dataset(f"{folder}/single.h5", group="grid", engine="netcdf4")
assert single["eval.accuracy"].dims == ("replicate",)

with h5py.File(f"{folder}/full.h5") as h5:
    assert h5["provenance/study"].asstr()[()] == '[study]\nname = "größe"\n'
    assert h5["provenance/empty"].asstr()[()] == ""
    assert h5["grid/eval.accuracy"].dims[0][0].name == "/grid/pruned.keep"
    norm = h5["curves/base.norm/value"][:]  # cells of the second replicate have one more step
    assert list(h5["curves/base.norm/step"]) == [0, 10] and norm[1, 1] == 2 and numpy.isnan(norm[0, 1])

# The trailer behind the image is in nobody's way.
segment, = glob.glob(f"{folder}/store/segments/*.h5")
with h5py.File(segment) as h5:
    assert list(h5["status"]) == [1] and h5["replicate"][0] == 0
    assert bytes(h5["config"]).decode() == '"a.x" = 3, ä'
artifact, = glob.glob(f"{folder}/store/artifacts/*.h5")
with h5py.File(artifact) as h5:
    assert list(h5["data/w"]) == [1.5, -2.0]
