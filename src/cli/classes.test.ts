import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { millrace } from '../../test/support/run-millrace.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const vectors = join(import.meta.dirname, '../../test/golden/gensim/vectors.txt')

test('classes: a file, standard output, and JSON hold the same', () => {
  const told = millrace(folder, 'classes', vectors, '--classes', '9', '-o', 'classes.txt')
  expect(told).toMatchObject({ status: 0, stderr: '' })
  expect(told.stdout).toMatch(/^classes\.txt: 77 words in 9 classes(, \d of them empty)?\n$/)
  const file = readFileSync(join(folder, 'classes.txt'), 'utf8')
  const lines = file.trimEnd().split('\n')
  const words = readFileSync(vectors, 'utf8')
    .split('\n')
    .slice(1, 78)
    .map((line) => line.split(' ')[0])
  expect(lines.map((line) => line.split(' ')[0])).toEqual(words)

  const shown = millrace(folder, 'classes', vectors, '--classes', '9')
  expect(shown).toMatchObject({ status: 0, stdout: file, stderr: expect.stringMatching(/^77 words in 9/) })

  const sorted = millrace(folder, 'classes', vectors, '--classes', '9', '--sort').stdout.trimEnd().split('\n')
  const classes = sorted.map((line) => Number(line.split(' ')[1]))
  expect(classes).toEqual([...classes].sort((a, b) => a - b))
  expect([...sorted].sort()).toEqual([...lines].sort())

  const json = JSON.parse(millrace(folder, 'classes', vectors, '--classes', '9', '--sort', '--json').stdout)
  expect(json).toMatchObject({ type: 'classes', words: 77, classes: 9, rounds: 10 })
  expect(json.members.map((one: { word: string; class: number }) => `${one.word} ${one.class}`)).toEqual(
    sorted,
  )
  const written = millrace(folder, 'classes', vectors, '--classes', '9', '-o', 'b.txt', '--json').stdout
  expect(JSON.parse(written)).toMatchObject({ file: join(folder, 'b.txt'), empty: json.empty })
})

test("a run's own files are not written over", () => {
  mkdirSync(join(folder, 'run'))
  writeFileSync(join(folder, 'run/vectors.safetensors'), 'precious')
  const { status, stderr } = millrace(folder, 'classes', 'run', '-o', 'run/vectors.safetensors')
  expect(status).toBe(2)
  expect(stderr).toContain('would be written over')
  expect(readFileSync(join(folder, 'run/vectors.safetensors'), 'utf8')).toBe('precious')
})

test.each([
  [[vectors], '500 classes were asked for, of 77 words\n  why: some would be empty from the start'],
  [[vectors, '--classes', '0'], '--classes 0 is not a whole number of 1 or more\n  why: it counts classes'],
  [[vectors, '--classes', '2', '--rounds', 'x'], '--rounds x is not a whole number'],
  [[vectors, '-o', vectors], 'would be written over'],
  [[vectors, '-o', 'nowhere/classes.txt'], 'there is no folder nowhere'],
  [['nowhere'], 'there is no such file or folder'],
])('classes %j is refused', (args, message) => {
  const { status, stdout, stderr } = millrace(folder, 'classes', ...args)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain(message)
  expect(existsSync(join(folder, 'nowhere'))).toBe(false)
})
