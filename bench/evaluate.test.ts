import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ask } from './process.ts'

const gensim = ask(
  '/usr/bin/python3',
  '-c',
  'import importlib.util; print(importlib.util.find_spec("gensim") or "")',
)

test.skipIf(!gensim)(
  `a tiny bench of analogies: answers as gensim's${gensim ? '' : ': skipped, /usr/bin/python3 has no gensim'}`,
  () => {
    const told = execFileSync(
      process.execPath,
      [
        '--conditions=millrace-source',
        join(import.meta.dirname, 'evaluate.ts'),
        ...[
          '--words',
          '300',
          '--dim',
          '18',
          '--rounds',
          '1',
          '--work',
          mkdtempSync(join(tmpdir(), 'millrace-')),
        ],
        ...['--questions', join(import.meta.dirname, '../test/golden/gensim/analogies.txt')],
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )
    expect(told).toContain('108 questions by add over 300 words × 18')
    expect(told).toMatch(/^times as fast +\d/m)
  },
)
