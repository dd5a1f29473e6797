"""Zips a folder with Python's zipfile, the library under AWS SAM: with_zipfile.py FOLDER FILE.zip"""

import os
import sys
import zipfile

folder, file = sys.argv[1:]
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(parent, name)
            archive.write(path, os.path.relpath(path, folder))
