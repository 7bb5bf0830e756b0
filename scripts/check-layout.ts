// Each folder of src/ may import those below it in this list, never one above. See docs/architecture.md.
import { globSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

export const layers = [
  'cli',
  'dashboard',
  'cluster',
  'report',
  'experiment',
  'supervise',
  'train',
  'evaluate',
  'word2vec',
  'vectors',
  'run',
  'checkpoint',
  'data',
  'corpus',
  'loader',
  'stream',
  'runtime',
  'core',
]

/** The imports under `root` that point up the layout, or to a folder that is not in it. */
export function layoutFaults(root: string): string[] {
  const faults: string[] = []
  for (const file of globSync('**/*.ts', { cwd: root })) {
    const from = file.split('/')[0]!
    if (!layers.includes(from)) faults.push(`${file}: ${from} is not in the layout`)
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, path] of text.matchAll(/(?:from|import\(|import)\s*'(\.[^']+)'/g)) {
      const to = relative(root, resolve(root, file, '..', path!)).split('/')[0]!
      if (to.startsWith('.')) continue
      if (layers.indexOf(to) < layers.indexOf(from))
        faults.push(`${file}: ${from} must not import ${to} (${path})`)
    }
  }
  return faults
}

if (import.meta.main) {
  const faults = layoutFaults(join(import.meta.dirname, '../src'))
  for (const fault of faults) console.error(fault)
  process.exitCode = faults.length > 0 ? 1 : 0
}
