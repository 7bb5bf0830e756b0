import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { acquireLock, RunFolder } from '../../src/run/index.ts'
import { madeUpText } from '../made-up-text.ts'
import { millrace, startMillrace } from '../support/run-millrace.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
process.env.MILLRACE_CACHE = join(folder, 'cache')
writeFileSync(join(folder, 'text.txt'), madeUpText(120_000, 1))
const words = readFileSync(join(folder, 'text.txt'), 'utf8').split(/\s+/, 30)
writeFileSync(join(folder, 'odd.txt'), `${words.slice(0, 3).join(' ')}\n${words.slice(3, 6).join(' ')}\n`)
const recipe = `
name: grid
corpus: text.txt
train: { epochs: 2, minCount: 1 }
runs:
  - { id: small, train: { dim: 8 } }
  - { id: doomed, train: { minCount: 1000000 } }
  - { id: part, words: 5K, train: { dim: 16 } }
evaluate: { odd: [odd.txt] }
`
writeFileSync(join(folder, 'grid.yaml'), recipe)
const run = (...args: string[]) => {
  const { status, stdout, stderr } = millrace(folder, 'experiment', ...args)
  return { status, stderr, json: stdout.startsWith('{') ? JSON.parse(stdout) : undefined, stdout }
}
const states = (json: { runs: { id: string; state: string }[] }) =>
  Object.fromEntries(json.runs.map(({ id, state }) => [id, state]))

test('a dry run tells the runs, their memory and time, and begins none', () => {
  const { status, json } = run('grid.yaml', '--dry-run', '--json')
  expect(status).toBe(2) // one of them would be refused
  expect(json.runs.map(({ id, state }: { id: string; state: string }) => `${id} ${state}`)).toEqual([
    'small missing',
    'doomed missing',
    'part missing',
  ])
  expect(json.runs[0].memoryBytes).toBeGreaterThan(1e6)
  expect(existsSync(join(folder, 'runs'))).toBe(false)
})

test('one run that fails does not stop the others, and only what is missing is run again', () => {
  const first = run('grid.yaml', '--json')
  expect(first.status).toBe(1)
  expect(states(first.json)).toEqual({ small: 'complete', doomed: 'failed', part: 'complete' })
  expect(first.stderr).toContain('doomed has failed')
  expect(first.json.runs[0].scores.odd[0]).toMatchObject({ name: 'odd', questions: 2 })
  expect(first.json.runs[2].result.words).toBe(10_000)

  writeFileSync(join(folder, 'grid.yaml'), recipe.replace('minCount: 1000000', 'minCount: 2'))
  const second = run('grid.yaml', '--json')
  expect(second.status).toBe(0)
  expect(second.json).toMatchObject({ version: 2, folder: join('runs', 'grid@2') })
  expect(second.json.runs.map(({ folder }: { folder: string }) => folder)).toEqual([
    'runs/grid/small',
    'runs/grid@2/doomed',
    'runs/grid/part',
  ])
  expect(second.stderr).not.toContain('small began')
  expect(second.stderr).toContain('grid@2 is new')
})

test('--only means values, rows and ids, and says what there is', () => {
  expect(run('--only', 'dim=16', 'grid.yaml', '--json').json.runs).toHaveLength(1)
  expect(run('grid.yaml', '--only', 'row=small', '--json').json.runs[0].id).toBe('small')
  expect(run('grid.yaml', '--only', 'dim=17').stderr).toContain('dim is 8, 100, 16')
  expect(run('grid.yaml', '--only', 'row').status).toBe(2)
  expect(run('grid.yaml', '--scale', 'tiny').stderr).toContain('grid has no scale tiny')
})

test('what a recipe reads must be there before anything is trained, and for a dry run too', () => {
  const file = join(folder, 'asks.yaml')
  writeFileSync(
    file,
    'name: asks\ncorpus: text.txt\nruns: [{ id: a }, { id: b, words: 5K }]\nevaluate: { odd: [gone.txt] }\n',
  )
  for (const more of [[], ['--dry-run']]) {
    const { status, stderr } = run('asks.yaml', ...more)
    expect([status, stderr]).toEqual([2, expect.stringContaining('gone.txt')])
  }
  expect(existsSync(join(folder, 'runs/asks'))).toBe(false)
})

test('where a process is at work on a version, another one leaves it as it is', () => {
  const path = join(folder, 'runs/grid@2/experiment.json')
  const before = readFileSync(path, 'utf8')
  const lock = acquireLock(new RunFolder(join(folder, 'runs/grid@2')))
  try {
    writeFileSync(
      join(folder, 'grid.yaml'),
      `${readFileSync(join(folder, 'grid.yaml'), 'utf8')}title: Other\n`,
    )
    const { status, stderr } = run('grid.yaml')
    expect(status).toBe(2)
    expect(stderr).toContain('is at work in')
    expect(stderr).not.toContain('--out')
  } finally {
    lock.release()
  }
  expect(readFileSync(path, 'utf8')).toBe(before)
})

test('a run whose text has too few words does not stop the others', () => {
  const more = 'grid: { words: [5K, 40M] }\nscales: { tiny: {} }'
  writeFileSync(
    join(folder, 'short.yaml'),
    `name: short\ncorpus: text.txt\ntrain: { dim: 8, epochs: 1 }\n${more}\n`,
  )
  const { status, stdout, stderr } = run('short.yaml')
  expect(status).toBe(1)
  expect(stderr).toContain('words=40M cannot be run')
  expect(stdout).toMatch(/words=5K +complete/)
  expect(stdout).toMatch(/words=40M +failed: /)
  expect(stdout).toContain('report short.yaml --scale tiny -o')
})

test('stopped without a supervisor, it ends with the same line of JSON', async () => {
  const rows = 'runs: [{ id: a }, { id: b, train: { dim: 9 } }]'
  const train = 'train: { epochs: 10000, dim: 8, threads: 1 }'
  writeFileSync(join(folder, 'long.yaml'), `name: long\ncorpus: text.txt\n${train}\n${rows}\n`)
  const child = startMillrace(folder, 'experiment', 'long.yaml', '--no-supervise', '--json')
  const output = text(child.stdout)
  child.stderr.on('data', (told) => String(told).includes('training') && child.kill('SIGTERM'))
  const [code] = await once(child, 'exit')
  expect([code, states(JSON.parse(await output))]).toEqual([75, { a: 'stopped', b: 'missing' }])
})

const data = process.env.MILLRACE_DATA
test.skipIf(!data)(
  `a dry run knows what is complete by questions asked for by name${data ? '' : ': skipped, MILLRACE_DATA is not set'}`,
  () => {
    const asked = 'evaluate: { analogies: [questions-words] }'
    writeFileSync(
      join(folder, 'named.yaml'),
      `name: named\ncorpus: text.txt\ntrain: { dim: 8, epochs: 1 }\n${asked}\n`,
    )
    expect(run('named.yaml', '--json').status).toBe(0)
    expect(run('named.yaml', '--dry-run', '--json').json.runs[0].state).toBe('complete')
    process.env.MILLRACE_DATA = join(folder, 'nothing')
    try {
      const { status, json } = run('named.yaml', '--dry-run', '--json')
      expect([status, json.runs[0].state]).toEqual([0, 'trained'])
      expect(json.missing[0]).toContain('millrace data get questions-words')
    } finally {
      process.env.MILLRACE_DATA = data
    }
  },
)
