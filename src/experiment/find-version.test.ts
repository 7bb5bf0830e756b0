import { hash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { expand } from './expand.ts'
import { findVersion } from './find-version.ts'
import { digest } from './identity.ts'
import { parseRecipe } from './recipe.ts'
import { stateOf } from './run-recorded.ts'
import type { Version } from './version.ts'

let folder: string
let runs: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  runs = join(folder, 'runs')
  writeFileSync(join(folder, 'q.txt'), 'a b c\n')
})

/** What of it is ready: the SHA-256 of the text of each run, by id; null for none. */
type Texts = (id: string) => string | null

function find(recipeText: object, sha256: Texts | string = 'a', init?: string): Version {
  const given = { name: 'sizes', corpus: 'text.txt', grid: { dim: [8, 12] }, ...recipeText }
  const recipe = parseRecipe(given, join(folder, 'recipe.yaml'))
  const expansion = expand(recipe)
  const prepared = expansion.runs.map((run) => {
    const sha = typeof sha256 === 'string' ? sha256 : sha256(run.id)
    const text = { label: 'text', sha256: sha!, bytes: 5, words: 2, paths: [join(folder, 'text.txt')] }
    return { ...run, prepared: sha === null ? null : text, init: init ?? null }
  })
  return findVersion(runs, recipe, expansion, prepared, '1.0.0')
}

/** Leaves runs of a version as training would. */
function begin(version: Version, ids: string[], status: string, config: object = {}): Version {
  version.write()
  for (const id of ids) {
    const run = version.folderOf(version.record.runs.find((run) => run.id === id)!)!
    write(run.runFile, { format: 1, status, config, fingerprints: {}, result: { words: 1 } })
  }
  return version
}

function write(path: string, content: unknown): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
}

const foldersOf = ({ record }: Version) => record.runs.map(({ folder }) => folder)

test('a run that was cut off goes on where it lies, once the recipe is edited', () => {
  begin(find({}), ['dim=8'], 'stopped')
  const edited = { grid: { dim: [8, 12, 14] } }
  expect(foldersOf(find(edited))).toEqual(['../sizes/dim=8', 'dim=12', 'dim=14'])
  expect(stateOf(find(edited), find(edited).record.runs[0]!).state).toBe('stopped')
})

test('of equal runs the one that is complete is shared, whichever was found first', () => {
  const first = begin(find({ name: 'a' }), ['dim=8'], 'stopped')
  const last = find({ name: 'z' })
  last.record.runs[0]!.folder = 'dim=8'
  begin(last, ['dim=8'], 'complete')
  expect(foldersOf(find({ name: 'm' }))[0]).toBe('../z/dim=8')
  begin(first, ['dim=8'], 'complete')
  write(join(runs, 'z/dim=8/run.json'), { format: 1, status: 'stopped', config: {} })
  expect(foldersOf(find({ name: 'm' }))[0]).toBe('../a/dim=8')
})

test('runs that name one text have read the same in a version', () => {
  begin(
    find({}, (id) => (id === 'dim=8' ? 'a' : null)),
    ['dim=8'],
    'complete',
  )
  const only = (sha256: string) => find({}, (id) => (id === 'dim=12' ? sha256 : null)).record.version
  expect([only('a'), only('b')]).toEqual([1, 2])
})

test('a run of `train` by the name of the recipe is taken if it has the same text, and else in nobody’s way', () => {
  const text = join(folder, 'text.txt')
  const same = digestOf('hello')
  const one = (sha256 = same) => find({ grid: {}, train: { dim: 8 } }, sha256).record.version
  const trained = (path: string, text: string) => {
    write(path, text)
    const { size, mtimeMs } = statSync(path)
    write(join(runs, 'sizes/run.json'), {
      format: 1,
      status: 'complete',
      config: { dim: 8, corpus: [path] },
      fingerprints: { corpus: 'x', init: null },
    })
    write(join(runs, 'sizes/corpus.json'), { files: [{ path, bytes: size, mtimeMs }] })
  }
  write(text, 'hello')
  trained(text, 'hello')
  expect(one()).toBe(1)
  trained(join(folder, 'copy.txt'), 'hello')
  expect(one()).toBe(1)
  trained(join(folder, 'other.txt'), 'jello')
  expect(one()).toBe(2)
  // It has changed since.
  trained(text, 'hello')
  write(text, 'hello, world')
  expect(one(digestOf('hello, world'))).toBe(2)
  // It was not counted yet.
  rmSync(join(runs, 'sizes/corpus.json'))
  expect(one()).toBe(1)
})

const curve = { figures: [{ kind: 'training', id: 'f', title: 'F', y: 'q' }] }
const asked = { evaluate: { odd: ['q.txt'] } }

test('how often a run was scored counts where a figure shows it, and only there', () => {
  const watched = { ...asked, train: { evaluateEvery: '0.5epochs' } }
  const identity = (recipe: object) => find(recipe).record.runs[0]!.identity
  expect(identity(watched)).toBe(identity({}))
  const loss = { figures: [{ ...curve.figures[0], y: 'loss' }] }
  expect(identity({ ...watched, ...loss })).toBe(identity({}))
  expect(identity({ ...watched, ...curve })).not.toBe(identity({}))

  begin(find(asked), ['dim=8', 'dim=12'], 'complete')
  expect(find({ ...watched, ...curve }).record.version).toBe(2)
  expect(foldersOf(find({ ...watched, ...curve }))).toEqual(['dim=8', 'dim=12'])
})

test('a run that was scored as often, before that counted, is found', () => {
  const watched = { ...asked, train: { evaluateEvery: '0.5epochs' } }
  begin(find(watched), ['dim=8', 'dim=12'], 'complete', { evaluateEvery: '0.5epochs' })
  expect(find({ ...watched, ...curve }).record.version).toBe(1)
  expect(foldersOf(find({ ...watched, ...curve, name: 'other' }))[0]).toBe('../sizes/dim=8')
  expect(foldersOf(find({ ...asked, name: 'plain' }))[0]).toBe('../sizes/dim=8')
})

test('the questions count by whose score a run ends', () => {
  const ends = { ...asked, train: { earlyStop: 'q' } }
  begin(find(ends), ['dim=8'], 'complete')
  expect(find(ends).record.version).toBe(1)
  expect(find({ ...ends, evaluate: { ...asked.evaluate, pairs: ['p.txt'] } }).record.version).toBe(1)
  write(join(folder, 'q.txt'), 'd e f\n')
  expect(find(ends).record.version).toBe(2)
  rmSync(join(folder, 'q.txt'))
  expect(find(ends).record.version).toBe(1)
})

test('vectors to begin with are known by their content', () => {
  const at = (path: string, init?: string) => find({ train: { init: path } }, 'a', init).record.runs[0]!
  expect(at('base', 'x').identity).toBe(at('elsewhere', 'x').identity)
  expect(at('base', 'x').identity).not.toBe(at('base', 'y').identity)
  expect(at('base')).toMatchObject({ identity: null, folder: null })
})

test('identities stay what they were', () => {
  // Of a run that lies on a disk somewhere.
  expect(find({}, 'a').record.runs[0]!.identity).toBe(digest({ config: { dim: 8 }, corpus: 'a' }))
})

test('one damaged file is one run that failed', () => {
  const version = begin(find(asked), ['dim=8', 'dim=12'], 'complete')
  const [first, second] = version.record.runs
  write(join(version.path, 'dim=8/run.json'), '{')
  write(join(version.path, 'dim=12/eval.json'), '{')
  expect(stateOf(version, first!)).toMatchObject({
    state: 'failed',
    why: expect.stringContaining('run.json'),
  })
  expect(stateOf(version, second!)).toMatchObject({
    state: 'failed',
    why: expect.stringContaining('eval.json'),
  })
})

function digestOf(text: string): string {
  return hash('sha256', text)
}

test('a version whose record is damaged is not made again as the next', () => {
  const version = begin(find({}), ['dim=8', 'dim=12'], 'complete')
  writeFileSync(version.file, '{"format": 1, "na')
  expect(() => find({})).toThrow('bring it back from a copy')
  rmSync(version.path, { recursive: true })
  expect(find({}).record.version).toBe(1)
})
