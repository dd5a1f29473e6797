// Zips a folder with archiver, the Serverless Framework's library: node archiver.mjs FOLDER FILE.zip
import fs from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ZipArchive } from 'archiver';

const [folder, file] = process.argv.slice(2);
const archive = new ZipArchive({ zlib: { level: 6 } });
const written = pipeline(archive, fs.createWriteStream(file));
archive.directory(folder, false);
await Promise.all([archive.finalize(), written]);
