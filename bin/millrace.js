#!/usr/bin/env node
// Checks the version before anything else is imported: newer syntax would fail with a stack trace.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `millrace needs Node 24 or later; this is ${process.versions.node}. ` +
      'In the repository, `npm run millrace -- …` uses the Node that npm installed with it.',
  )
  process.exitCode = 2
} else {
  // Garbage is collected sooner than it pleases the engine: some MiB less, and no saw-tooth.
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--semi-space-growth-factor=1')
  const { main } = await import('../dist/cli/main.js')
  await main(process.argv.slice(2))
}
