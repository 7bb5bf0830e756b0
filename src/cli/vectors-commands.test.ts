import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type RunFile, RunFolder } from '../run/index.ts'

// query, eval and convert as a user runs them: each in a process of its own.

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const golden = join(import.meta.dirname, '../../test/golden/gensim')
const vectors = join(golden, 'vectors.txt')

function millrace(...args: string[]) {
  const main = new URL('./main.ts', import.meta.url).href
  const script = `const { main } = await import(${JSON.stringify(main)}); await main(process.argv.slice(1))`
  const options = ['--conditions=millrace-source', '--input-type=module', '--eval', script, '--', ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8', cwd: folder })
  return { status, stdout, stderr }
}

/** What a mistake gives: exit code 2, nothing but the message, and that in plain words. */
function expectRefused(args: string[], message: string) {
  const { status, stdout, stderr } = millrace(...args)
  expect(stderr).toContain(message)
  expect(stderr).not.toMatch(/^ +at /m)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
}

test('query: each question, for people and for machines', () => {
  expect(millrace('query', vectors, 'near', 'king', '--count', '2')).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^word {2}cosine\nK(ING|ing) {2}0\.9\d{3}\nK(ING|ing) {2}0\.9\d{3}\n$/),
    stderr: '',
  })
  const near = JSON.parse(
    millrace('query', vectors, 'near', 'king', 'queen', '--count', '3', '--json').stdout,
  )
  expect(near).toMatchObject({ type: 'near', words: ['king', 'queen'] })
  expect(near.neighbours).toHaveLength(3)
  const analogy = JSON.parse(millrace('query', vectors, 'analogy', 'go', 'went', 'see', '--json').stdout)
  expect(analogy.neighbours).toHaveLength(10)
  expect(millrace('query', vectors, 'odd', 'dogs', 'cars', 'trees', 'filler7').stdout).toBe('filler7\n')
  expect(millrace('query', vectors, 'similarity', 'dog', 'dog').stdout).toBe('1.0000\n')
})

test('query: mistakes are told', () => {
  expectRefused(['query', vectors, 'near', 'kingg'], 'one of the words like it: king, KING, King')
  expectRefused(['query', vectors, 'analogy', 'man', 'king'], 'analogy was asked with 2 words')
  expectRefused(['query', vectors, 'guess', 'king'], 'Allowed choices are near, analogy, odd, similarity')
  expectRefused(['query', vectors, 'near', 'king', '--count', 'many'], '--count many is not a whole number')
  expectRefused(['query', 'nowhere', 'near', 'king'], 'there is no such file or folder')
  expectRefused(['query', folder, 'near', 'king'], 'is not a run folder')
})

test('eval: a table, and a file of scores in a run folder', () => {
  const questions = ['--analogies', join(golden, 'analogies.txt'), '--pairs', join(golden, 'pairs.tsv')]
  const { status, stdout } = millrace('eval', vectors, ...questions, '--odd', join(golden, 'odd.txt'))
  expect(status).toBe(0)
  expect(stdout).toMatch(/^section +questions +skipped +correct +accuracy +of all$/m)
  expect(stdout).toMatch(/^pairs +65 +1 +\S+ +\S+ +\S+ +\S+$/m)
  expect(stdout).toMatch(/^odd +9 +0 +8 +88\.9 % +88\.9 %$/m)

  const run = new RunFolder(join(folder, 'run'))
  run.write({ format: 1, name: 'run', status: 'complete' } as RunFile)
  expect(millrace('convert', vectors, run.vectors).status).toBe(0)
  const result = millrace('eval', run.path, ...questions, '--restrict', '60', '--json')
  const { type, ...scores } = JSON.parse(result.stdout)
  expect(type).toBe('eval')
  expect(scores).toMatchObject({
    analogies: [{ file: 'analogies.txt', restrict: 60 }],
    pairs: [{ file: 'pairs.tsv' }],
  })
  expect(JSON.parse(readFileSync(run.scores, 'utf8'))).toEqual(scores)
})

test('eval: analogies by other methods have names of their own', () => {
  const asked = ['eval', vectors, '--analogies', join(golden, 'analogies.txt'), '--method', 'mul']
  expect(millrace(...asked).stdout).toContain('Analogies: analogies-mul, 3CosMul, among the 30,000')
})

test('eval: mistakes are told', () => {
  const sentences = join(folder, 'sentences.csv')
  writeFileSync(sentences, 'id,question,a)\n1,a _____ b,c\n')
  expectRefused(
    ['eval', vectors, '--completion', sentences, '--answers', sentences],
    'cannot be scored with vectors alone',
  )
  expectRefused(['eval', vectors], 'there is nothing to score the vectors with')
  expectRefused(['eval', vectors, '--odd', 'nowhere.txt'], 'cannot read the questions in nowhere.txt')
  expectRefused(['eval', vectors, '--analogies', vectors], 'line 1 is not a question')
  const odd = ['eval', vectors, '--odd', sentences]
  expectRefused([...odd, '--method', 'mul'], '--method does nothing here')
  expectRefused([...odd, '--answers', sentences], '--answers does nothing here')
  expectRefused(['eval', vectors, '--restrict', '0'], '--restrict 0 is not a whole number')
})

test('convert: there and back is the same file', () => {
  for (const [from, to] of [
    [vectors, 'a.bin'],
    ['a.bin', 'b.safetensors'],
    ['b.safetensors', 'c.vec'],
    ['c.vec', 'd.bin'],
  ])
    expect(millrace('convert', from!, to!)).toMatchObject({ status: 0, stderr: '' })
  expect(readFileSync(join(folder, 'd.bin'))).toEqual(readFileSync(join(folder, 'a.bin')))
  const told = JSON.parse(millrace('convert', 'a.bin', 'e', '--to', 'text', '--json').stdout)
  expect(told).toMatchObject({ type: 'convert', format: 'text', words: 77, dim: 12 })
})

test('convert: mistakes are told and leave no file', () => {
  writeFileSync(join(folder, 'cut.bin'), readFileSync(join(folder, 'a.bin')).subarray(0, 500))
  const before = readdirSync(folder)
  expectRefused(['convert', vectors, 'x.json'], 'does not tell a format')
  expectRefused(['convert', vectors, vectors], 'would be written over')
  expectRefused(['convert', 'cut.bin', 'x.txt'], 'need at least')
  expect(readdirSync(folder)).toEqual(before)
})

test('--help tells defaults and shows examples', () => {
  for (const name of ['query', 'eval', 'convert']) {
    const { status, stdout } = millrace(name, '--help')
    expect(status).toBe(0)
    expect(stdout).toContain(`Examples:\n  millrace ${name} `)
    expect(stdout).toContain('(default: ')
  }
})
