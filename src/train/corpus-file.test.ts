import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { type CountOptions, findCorpusFiles } from '../corpus/index.ts'
import { RunFolder } from '../run/index.ts'
import { loadOrCount } from './corpus-file.ts'

test('a count that was stopped goes on in the run folder, and leaves nothing there once it is done', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'millrace-'))
  const text = join(parent, 'text.txt')
  writeFileSync(text, madeUpText(400_000, 1))
  const folder = new RunFolder(join(parent, 'run'))
  mkdirSync(folder.path)
  const files = findCorpusFiles([text])
  const options: CountOptions = { tokenizer: 'whitespace', minCount: 2, threads: 1, saveEveryMs: 0 }
  const unknown = { fingerprint: null }
  const controller = new AbortController()
  const stopped = loadOrCount(
    folder,
    files,
    { ...options, signal: controller.signal, onSaved: (blocks) => blocks > 2 && controller.abort() },
    unknown,
  )
  await expect(stopped).rejects.toThrow('goes on where it was')
  expect(existsSync(folder.counting)).toBe(true)
  const saved: number[] = []
  const onSaved = (blocks: number) => saved.push(blocks)
  const counted = await loadOrCount(folder, files, { ...options, onSaved }, unknown)
  expect(saved[0]).toBe(3)
  expect(existsSync(folder.counting)).toBe(false)
  // What a process left that died between writing the corpus and removing this.
  mkdirSync(folder.counting)
  const loaded = await loadOrCount(folder, files, options, unknown)
  expect(loaded.fingerprint).toBe(counted.fingerprint)
  expect(existsSync(folder.counting)).toBe(false)
  const other = loadOrCount(folder, files, { ...options, minCount: 3 }, { fingerprint: 'another' })
  await expect(other).rejects.toThrow('is not what the run')
  expect(existsSync(folder.counting)).toBe(false)
})
