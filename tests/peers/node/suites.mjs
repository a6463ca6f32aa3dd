// The Data Integrity cryptosuites of the peers: for each, what signs and what verifies.
import {cryptosuite as eddsaRdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {createSignCryptosuite as eddsaJcsSign, createVerifyCryptosuite as eddsaJcsVerify}
  from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as ecdsaRdfc} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {createSignCryptosuite as ecdsaJcsSign, createVerifyCryptosuite as ecdsaJcsVerify}
  from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as ecdsaSd from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';

export const suites = {
  'eddsa-rdfc-2022': {sign: () => eddsaRdfc, verify: () => eddsaRdfc},
  'eddsa-jcs-2022': {sign: eddsaJcsSign, verify: eddsaJcsVerify},
  'ecdsa-rdfc-2019': {sign: () => ecdsaRdfc, verify: () => ecdsaRdfc},
  'ecdsa-jcs-2019': {sign: ecdsaJcsSign, verify: ecdsaJcsVerify},
  'ecdsa-sd-2023': {
    sign: ({mandatoryPointers}) => ecdsaSd.createSignCryptosuite({mandatoryPointers}),
    verify: ecdsaSd.createVerifyCryptosuite
  }
};

export const derivation = ({selectivePointers}) =>
  ecdsaSd.createDiscloseCryptosuite({selectivePointers});
