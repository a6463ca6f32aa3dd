// Verify with @digitalcredentials/verifier-core, offline.
//   node dcc.mjs  < {document, documents}   -> {"log": [{"id", "valid"}], "errors": [...]}
// `documents` maps addresses to JSON; any other address is answered by "not found".
import {readFileSync} from 'node:fs';

const input = JSON.parse(readFileSync(0, 'utf8'));
globalThis.fetch = async (request) => {
  const url = typeof request === 'string' ? request : (request.url ?? String(request));
  const found = input.documents[url];
  const headers = {'content-type': 'application/json'};
  return found ? new Response(JSON.stringify(found), {status: 200, headers}) :
    new Response('{}', {status: 404, headers});
};
const {verifyCredential} = await import('@digitalcredentials/verifier-core');
const result = await verifyCredential({credential: input.document, knownDIDRegistries: []});
console.log(JSON.stringify({log: result.log ?? [], errors: result.errors ?? []}));
