// Stops with one sentence when this is not the Node that the lockfile pins the floor of. pnpm puts the
// locked Node 24 on the PATH of every script; when its install failed, pnpm still runs the script under
// the Node it was started with, and that one cannot run TypeScript sources.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 9)) {
  console.error(
    `Node ${process.version} is too old: this project needs Node 24.9 or later; ` +
      'run it as "npx --yes pnpm@12.21.0 demo", which installs the right one.',
  );
  process.exit(1);
}
