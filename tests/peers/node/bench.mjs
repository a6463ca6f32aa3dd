// Let @digitalbazaar/vc time itself, warm: {times, credential, signed, key, documents} on standard
// input, {"issue": microseconds, "verify": microseconds} on standard output.
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {readFileSync} from 'node:fs';

const input = JSON.parse(readFileSync(0, 'utf8'));

async function documentLoader(url) {
  const found = input.documents[url] ?? input.documents[url.split('#')[0]];
  if (!found) throw new Error(`not given: ${url}`);
  const method = found.verificationMethod?.find((one) => one.id === url);
  const document = method ? {'@context': 'https://w3id.org/security/multikey/v1', ...method} : found;
  return {contextUrl: null, document, documentUrl: url};
}

async function timed(run) {
  for (let i = 0; i < 20; i++) await run();
  const start = process.hrtime.bigint();
  for (let i = 0; i < input.times; i++) await run();
  return Number(process.hrtime.bigint() - start) / input.times / 1000;
}

const key = await Ed25519Multikey.from(input.key);
const text = JSON.stringify(input.signed);
const issue = await timed(() => vc.issue({
  credential: structuredClone(input.credential),
  suite: new DataIntegrityProof({signer: key.signer(), cryptosuite}),
  documentLoader
}));
const verify = await timed(async () => {
  const result = await vc.verifyCredential({
    credential: JSON.parse(text),
    suite: new DataIntegrityProof({cryptosuite}),
    documentLoader,
    checkStatus: async () => ({verified: true})
  });
  if (!result.verified) throw result.error;
});
console.log(JSON.stringify({issue, verify}));
