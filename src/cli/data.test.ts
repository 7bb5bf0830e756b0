import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { command } from './data.ts'

const { exitCode } = process
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.exitCode = exitCode
})

/** What `data get` prints where `ldc-news` is there, `questions-words` is damaged and `google-news` is not there. */
async function get(...args: string[]): Promise<{ out: string; err: string; code: typeof process.exitCode }> {
  const base = mkdtempSync(join(tmpdir(), 'data-'))
  for (const folder of ['corpora', 'analogy']) mkdirSync(join(base, folder))
  writeFileSync(join(base, 'corpora/ldc-news'), 'a b c')
  writeFileSync(join(base, 'analogy/questions-words.txt'), 'a b c d')
  vi.stubEnv('MILLRACE_DATA', base)
  vi.stubEnv('MILLRACE_CACHE', join(base, 'cache'))
  const printed = { out: '', err: '' }
  for (const [stream, name] of [
    [process.stdout, 'out'],
    [process.stderr, 'err'],
  ] as const)
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed[name] += text
      return true
    })
  await command().parseAsync(['get', ...args], { from: 'user' })
  vi.restoreAllMocks()
  return { ...printed, code: process.exitCode }
}

test('of several names each is tried and told, and the exit code is of the worst', async () => {
  const { out, err, code } = await get('questions-words', 'google-news', 'ldc-news', '--json')
  expect(JSON.parse(out)).toMatchObject({
    type: 'data',
    entries: [{ name: 'ldc-news', wasHere: true }],
    failed: [
      { name: 'questions-words', code: 'DATA_CHECKSUM', exitCode: 1 },
      {
        name: 'google-news',
        code: 'DATA_BY_HAND',
        exitCode: 2,
        mend: expect.stringContaining('puts it there'),
      },
    ],
  })
  expect(code).toBe(2)
  expect(err).toContain('google-news cannot be downloaded')
  expect(err).toContain('does not hold questions-words')
  const text = await get('ldc-news', 'questions-words')
  expect([text.out, text.code]).toEqual([expect.stringMatching(/corpora\/ldc-news\n$/), 1])
})

test('a name alone is an error alone, and one that is unknown is told before anything is done', async () => {
  await expect(get('google-news')).rejects.toThrow('google-news cannot be downloaded')
  await expect(get('ldc-news', 'gogle-news')).rejects.toThrow('did you mean google-news?')
})
