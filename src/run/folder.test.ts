import { mkdirSync, mkdtempSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { type RunFile, RunFolder } from './folder.ts'

const newFolder = () => new RunFolder(join(mkdtempSync(join(tmpdir(), 'millrace-')), 'runs', 'mine'))
const run = {
  format: 1,
  name: 'mine',
  status: 'running',
  attempt: 1,
  config: { dim: 8 },
} as unknown as RunFile

test('what is written is read again, and nothing else is left', () => {
  const folder = newFolder()
  expect(folder.exists()).toBe(false)
  folder.write(run)
  folder.write({ ...run, status: 'stopped' })
  expect(folder.exists()).toBe(true)
  expect(folder.name).toBe('mine')
  expect(folder.read()).toEqual({ ...run, status: 'stopped' })
  expect(readdirSync(folder.path)).toEqual(['run.json'])
})

test('all that a run leaves behind lies in its folder', () => {
  const folder = newFolder()
  const { runFile, events, vocabulary, corpus, checkpoints, vectors, scores, report, lock } = folder
  const paths = [runFile, events, vocabulary, corpus, checkpoints, vectors, scores, report, lock]
  expect(new Set(paths).size).toBe(paths.length)
  for (const path of paths) expect(dirname(path)).toBe(folder.path)
})

test('a folder without a run, and a file, are no run folders', () => {
  const folder = newFolder()
  expect(() => folder.read()).toThrow(`${folder.path} is not a run folder\n  why: there is no run.json in it`)
  mkdirSync(folder.path, { recursive: true })
  expect(() => folder.read()).toThrow('is not a run folder')
  const file = join(folder.path, 'file')
  writeFileSync(file, 'text')
  expect(() => new RunFolder(file).read()).toThrow(`${file} is not a run folder`)
})

test('a damaged run.json is told, wherever it is cut', () => {
  const folder = newFolder()
  folder.write(run)
  // The last two bytes are the closing brace and the line end.
  for (let length = JSON.stringify(run, null, 2).length - 1; length >= 0; length -= 5) {
    truncateSync(folder.runFile, length)
    expect(() => folder.read()).toThrow(`${folder.runFile} is damaged\n  why: it is not JSON`)
  }
  for (const other of ['null', '[]', '7', '{"format":2}']) {
    writeFileSync(folder.runFile, other)
    expect(() => folder.read()).toThrow('this version of Millrace reads format 1')
  }
})
