export { keyOfShare, parseQuorum, splitMasterKey, type Quorum } from './quorum.ts';
export { sealForPeer, type AttestedKey } from './peer-message.ts';
export { sealShare, type ShareContext } from './share-message.ts';
export { parseSuccession, successionSha256, type Succession } from './succession.ts';
export { UnsealSession } from './unseal-session.ts';
export { Secret } from '../secret.ts';
