#!/usr/bin/env python3
"""Writes the small shipped examples of file formats from iris.csv and digits.csv.gz, the same bytes each time:
    python3 datasets/convert.py        (then put the SHA-256 of what changed into manifest.toml)"""
import gzip, io, json, pathlib, struct, zipfile

here = pathlib.Path(__file__).parent
names = ["sepal length", "sepal width", "petal length", "petal width"]
classes = ["setosa", "versicolor", "virginica"]
rows = [line.split(",") for line in (here / "iris.csv").read_text().split()[1:]]
features = [float(x) for row in rows for x in row[:4]]
labels = [int(row[4]) for row in rows]

attributes = [f"@attribute '{name}' numeric" for name in names] + ["@attribute species {" + ",".join(classes) + "}"]
data = [",".join(row[:4] + [classes[int(row[4])]]) for row in rows]
(here / "iris.arff").write_text("\n".join(["@relation iris", *attributes, "@data", *data]) + "\n")


def npy(kind, shape, numbers):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    code = {"<f4": "f", "<i8": "q"}[kind]
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(numbers)}{code}", *numbers)


with zipfile.ZipFile(here / "iris.npz", "w", zipfile.ZIP_DEFLATED) as out:
    for name, array in [("features", npy("<f4", (150, 4), features)), ("labels", npy("<i8", (150,), labels))]:
        out.writestr(zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0)), array, zipfile.ZIP_DEFLATED)

parts = [("features", "F32", [150, 4], struct.pack("<600f", *features)), ("labels", "I64", [150], struct.pack("<150q", *labels))]
header, at = {}, 0
for name, kind, shape, data in parts:
    header[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + len(data)]}
    at += len(data)
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
(here / "iris.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"".join(p[3] for p in parts))

digits = [[int(x) for x in line.split(",")] for line in gzip.decompress((here / "digits.csv.gz").read_bytes()).decode().split()[:300]]


def idx(name, sizes, numbers):
    data = bytes([0, 0, 8, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes) + bytes(numbers)
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, buffer, mtime=0) as out:
        out.write(data)
    (here / name).write_bytes(buffer.getvalue())


idx("digits-images.idx.gz", [300, 8, 8], [x for row in digits for x in row[:64]])
idx("digits-labels.idx.gz", [300], [row[64] for row in digits])
