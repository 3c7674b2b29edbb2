export { checks, explainRefusal } from './checks.ts';
export { parseTrustAnchors } from './parse-trust-anchors.ts';
