import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { madeUpText } from '../made-up-text.ts'

const root = join(import.meta.dirname, '../..')
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, Record<string, string> | string>
}
const folders = Object.keys(exports).filter((name) => name !== './package.json')
/** A project beside, with the package installed as it is shipped. */
let project: string

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'millrace-'))
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(root, join(project, 'node_modules/millrace'))
})

function runScript(script: string, ...flags: string[]): string {
  writeFileSync(join(project, 'script.mjs'), script)
  return execFileSync(process.execPath, [...flags, 'script.mjs'], { cwd: project, encoding: 'utf8' })
}

test.each(folders)('%s has sources, and what is built has types', (name) => {
  const paths = exports[name] as Record<string, string>
  expect(existsSync(join(root, paths['millrace-source']!))).toBe(true)
  expect(paths.types).toBe(paths.default!.replace(/\.js$/, '.d.ts'))
})

// The README's library example, trained first. From sources, and as built where it was built.
const built = existsSync(join(root, 'dist/train/index.js'))
test.each(built ? ['millrace-source', 'default'] : ['millrace-source'])(
  'trains and asks by the name of the package (%s)',
  (condition) => {
    writeFileSync(join(project, 'corpus.txt'), madeUpText(200_000, 3))
    const out = runScript(
      `import { runTraining } from 'millrace/train'
     import { KeyedVectors } from 'millrace/vectors'
     import { readRecords } from 'millrace/corpus'
     let words = 0
     for (const record of readRecords(['corpus.txt'])) words += record.words.length
     await runTraining({ corpus: ['corpus.txt'], out: 'runs/${condition}', config: { dim: 8, epochs: 1, minCount: 1 } })
     const vectors = KeyedVectors.load('runs/${condition}')
     const counts = vectors.counts.reduce((sum, count) => sum + count, 0)
     console.log(words === counts, vectors.near(vectors.word(3), { count: 2 }).length)`,
      ...(condition === 'default' ? [] : ['--conditions=millrace-source']),
    )
    expect(out).toBe('true 2\n')
  },
)

test('a program of a user beats, and is supervised, by the name of the package', () => {
  const out = runScript(
    `import { existsSync, writeFileSync } from 'node:fs'
     import { describeEnding, heartbeat, isSupervised, supervise } from 'millrace/supervise'
     if (isSupervised()) {
       heartbeat({ at: 'the beginning', saved: 0 })
       if (existsSync('died')) process.exit(0)
       writeFileSync('died', '')
       setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20)
     } else {
       const { code, deaths } = await supervise({
         command: [process.execPath, ...process.execArgv, import.meta.filename],
         observer: { died: (ending) => console.log(describeEnding(ending).replace(/ after.*/, '')) },
       })
       console.log(code, deaths)
     }`,
    '--conditions=millrace-source',
  )
  expect(out).toBe('killed by SIGKILL in the beginning\n0 1\n')
})
