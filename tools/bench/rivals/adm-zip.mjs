// Zips a folder with adm-zip, as AWS's GitHub action aws-lambda-deploy does: node adm-zip.mjs FOLDER FILE.zip
import AdmZip from 'adm-zip';

const [folder, file] = process.argv.slice(2);
const zip = new AdmZip();
zip.addLocalFolder(folder);
zip.writeZip(file);
