// Canonical forms by Node's jsonld, offline and in safe mode.
//   node canon.mjs  < {shown: [document], documents}   -> [digest of the N-Quads, or "! why not"]
import jsonld from 'jsonld';
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';

const {shown, documents} = JSON.parse(readFileSync(0, 'utf8'));
async function documentLoader(url) {
  if (!documents[url]) throw new Error(`not given: ${url}`);
  return {contextUrl: null, document: documents[url], documentUrl: url};
}
const options = {
  algorithm: 'RDFC-1.0', format: 'application/n-quads', safe: true, base: null,
  rdfDirection: 'i18n-datatype', documentLoader
};
const told = [];
for (const document of shown) {
  try {
    const text = await jsonld.canonize(document, options);
    told.push(createHash('sha256').update(text).digest('hex'));
  } catch (error) {
    told.push(`! ${error.details?.event?.code ?? error.message}`.slice(0, 100));
  }
}
console.log(JSON.stringify(told));
