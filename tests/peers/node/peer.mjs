// Sign and verify with implementations that we did not write, offline.
//   node peer.mjs verify  < {document, documents}   -> {"verified": bool, "error": "..."}
//   node peer.mjs issue   < {credential, key, created, documents, cryptosuite?, mandatoryPointers?}
//   node peer.mjs derive  < {document, selectivePointers, documents}   -> the credential
// `documents` maps addresses to JSON: contexts and DID documents. Nothing else is loaded.
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {suites, derivation} from './suites.mjs';
import {readFileSync} from 'node:fs';

const [command] = process.argv.slice(2);
const input = JSON.parse(readFileSync(0, 'utf8'));

async function documentLoader(url) {
  const found = input.documents[url] ?? input.documents[url.split('#')[0]];
  if (!found) throw new Error(`not given: ${url}`);
  const method = found.verificationMethod?.find((one) => one.id === url);
  const document = method ? {'@context': 'https://w3id.org/security/multikey/v1', ...method} : found;
  return {contextUrl: null, document, documentUrl: url};
}

if (command === 'issue') {
  const name = input.cryptosuite ?? 'eddsa-rdfc-2022';
  const kind = name.startsWith('ecdsa') ? EcdsaMultikey : Ed25519Multikey;
  const key = await kind.from(input.key);
  const cryptosuite = suites[name].sign(input);
  const suite = new DataIntegrityProof({signer: key.signer(), date: input.created, cryptosuite});
  const signed = await vc.issue({credential: input.credential, suite, documentLoader});
  console.log(JSON.stringify(signed));
} else if (command === 'derive') {
  const cryptosuite = derivation(input);
  const suite = new DataIntegrityProof({cryptosuite});
  const derived = await vc.derive({verifiableCredential: input.document, suite, documentLoader});
  console.log(JSON.stringify(derived));
} else {
  const name = input.document.proof?.cryptosuite ?? 'eddsa-rdfc-2022';
  const suite = new DataIntegrityProof({cryptosuite: suites[name].verify()});
  // The peer is asked about the proof; lists of cancelled badges are not part of this question.
  const checkStatus = async () => ({verified: true});
  const result = await vc.verifyCredential({
    credential: input.document, suite, documentLoader, checkStatus
  });
  const error = result.error?.errors?.map(String).join('; ') ?? String(result.error ?? '');
  console.log(JSON.stringify({verified: result.verified, error}));
}
