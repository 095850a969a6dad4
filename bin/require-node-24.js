// Loaded before every command (`node --import ./bin/require-node-24.js bin/…`). Plain JavaScript on purpose: the Nodes
// that it turns away cannot read TypeScript, and would say so in words that help nobody.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Latchkey runs on Node 24 or later; this is Node ${process.versions.node}.
On Linux with glibc, \`npm ci\` brings Node 24 along, and \`npm run …\` and \`npx node …\` use it.
If you did that and still read this, npm left out optional packages: run \`npm ci --include=optional\`.
On other systems install Node 24 yourself: https://nodejs.org/en/download`,
  );
  process.exit(1);
}
