export { FIRMWARE_SIZE_MAX, parseFirmware, type Firmware } from './firmware.ts';
export {
  firmwareDigest,
  launchDigest,
  type BootHashes,
  type LaunchShape,
} from './launch-digest.ts';
export { GUEST_FEATURES_DEFAULT, vcpuSignature, vcpuTypes } from './vcpu.ts';
