import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { millrace } from '../../test/support/run-millrace.ts'
import { thresholdsOf } from './phrases.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const text = `${'we live in new york and read the new york times\n'.repeat(20)}${'we read and live in the city\n'.repeat(20)}`
writeFileSync(join(folder, 'text.txt'), text)

test('from a text to a text, for people', () => {
  const args = ['--threshold', '12,6', '--list', 'list.tsv', '--min-count', '2']
  const { status, stdout, stderr } = millrace(folder, 'phrases', 'text.txt', '-o', 'out.txt', ...args)
  expect(status, stderr).toBe(0)
  expect(stdout).toMatch(
    /^360 words became \d+ in \S+ s; peak memory \S+ MiB\ntext {5}out\.txt \(\S+ KiB\)\nphrases {2}list\.tsv\n/,
  )
  expect(stdout).toContain('train on it: npx millrace train out.txt\n')
  expect(stderr).toMatch(/^pass 1\/2 {2}\d+ phrases? above 12, joined \d+ times in 360 words \(/m)
  expect(readFileSync(join(folder, 'out.txt'), 'utf8').replaceAll('_', ' ')).toBe(text)
  const [best] = readFileSync(join(folder, 'list.tsv'), 'utf8').split('\n')
  expect(best).toMatch(/^\w+_\w+\t\d+\t[\d.]+$/)
})

test('for machines: one line of JSON, the same result whatever the memory', () => {
  const outcomes = ['64K', '1G'].map((memory) => {
    const args = ['-o', `${memory}.txt`, '--threshold', '5', '--memory', memory, '--json']
    const { status, stdout } = millrace(folder, 'phrases', 'text.txt', ...args)
    expect(status).toBe(0)
    const { seconds, peakRssBytes, out, passes, ...same } = JSON.parse(stdout)
    expect(seconds).toBeGreaterThan(0)
    expect(peakRssBytes).toBeGreaterThan(0)
    expect(out).toBe(join(folder, `${memory}.txt`))
    expect(passes).toHaveLength(1)
    expect(passes[0]).toMatchObject({ threshold: 5, words: 360, spilledBytes: 0 })
    return { ...same, text: readFileSync(out, 'utf8') }
  })
  expect(outcomes[0]).toEqual(outcomes[1])
  expect(outcomes[0]).toMatchObject({ type: 'phrases', words: 360, list: null })
  expect(outcomes[0].text).toContain('new_york')
})

test('nothing found is a warning, and the text is written all the same', () => {
  const { status, stderr } = millrace(folder, 'phrases', 'text.txt', '-o', 'same.txt')
  expect(status).toBe(0)
  expect(stderr).toMatch(
    /^warning: no phrase was found in text\.txt: the highest score is .*use a lower --threshold$/m,
  )
  expect(readFileSync(join(folder, 'same.txt'), 'utf8')).toBe(text)
})

test('thresholds: one for each pass, falling to 100 if none are given', () => {
  expect(thresholdsOf(undefined, undefined)).toEqual([200, 100])
  expect(thresholdsOf(1, undefined)).toEqual([100])
  expect(thresholdsOf(4, undefined)).toEqual([800, 400, 200, 100])
  expect(thresholdsOf(undefined, '50')).toEqual([50])
  expect(thresholdsOf(3, '9, 1.5,0')).toEqual([9, 1.5, 0])
})

const mistakes: [args: string[], told: string][] = [
  [['text.txt'], "required option '-o, --out <file>' not specified"],
  [['-o', 'x'], "missing required argument 'corpus'"],
  [['missing.txt', '-o', 'x'], 'there is no missing.txt'],
  [['text.txt', '-o', 'text.txt'], 'is an input\n  why: the corpus would be lost'],
  [['text.txt', '-o', '.'], 'is a folder'],
  [['text.txt', '-o', 'x', '--list', 'x'], 'the list x is the output'],
  [['text.txt', '-o', 'x', '--threshold', 'high'], '--threshold high is not a number'],
  [['text.txt', '-o', 'x', '--threshold', '200,'], '--threshold 200, is not a number'],
  [['text.txt', '-o', 'x', '--threshold', '100,200'], 'the thresholds 100, 200 do not fall'],
  [['text.txt', '-o', 'x', '--threshold', '-5'], '-5 is no threshold'],
  [
    ['text.txt', '-o', 'x', '--threshold', '200,100', '--passes', '3'],
    '--threshold 200,100 does not go with --passes 3',
  ],
  [['text.txt', '-o', 'x', '--passes', '0'], '--passes 0 is not a whole number'],
  [['text.txt', '-o', 'x', '--min-count', '1.5'], '--min-count 1.5 is not a whole number'],
  [['text.txt', '-o', 'x', '--tokenizer', 'bytes'], 'Allowed choices are whitespace, words'],
  [['text.txt', '-o', 'x', '--memory', '2X'], '--memory 2X is not a size'],
  [['text.txt', '-o', 'x', '--memory', '1K'], 'too little memory'],
]
test.each(mistakes)('%j is refused and leaves nothing', (args, told) => {
  const before = readdirSync(folder)
  const { status, stdout, stderr } = millrace(folder, 'phrases', ...args)
  expect(stderr).toContain(told)
  expect(stderr).not.toMatch(/^ +at |undefined|\[object/m)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(readdirSync(folder)).toEqual(before)
})

test('a place where nothing can be written is told at once', () => {
  for (const args of [
    ['-o', 'text.txt/x'],
    ['-o', 'x', '--list', 'text.txt/x'],
  ]) {
    const before = readdirSync(folder)
    const { status, stderr } = millrace(folder, 'phrases', 'text.txt', ...args)
    expect(status).toBe(1)
    expect(stderr).toContain('text.txt/x\n  why: a file of that name is in the way')
    expect(stderr).not.toContain('pass 1/2')
    expect(readdirSync(folder)).toEqual(before)
  }
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s leaves nothing, at whatever moment',
  async (signal) => {
    const here = mkdtempSync(join(tmpdir(), 'millrace-'))
    writeFileSync(join(here, 'big.txt'), madeUpText(3_000_000, 3))
    const cli = join(import.meta.dirname, '../../test/support/millrace.ts')
    const args = ['phrases', 'big.txt', '-o', 'out.txt', '--memory', '64K', '--min-count', '1']
    const child = spawn(process.execPath, ['--conditions=millrace-source', cli, ...args], { cwd: here })
    const closed = once(child, 'close')
    let told = ''
    child.stderr.on('data', (part) => {
      told += part
    })
    // Runs lie on the disk: the work is going on.
    while (!readdirSync(here, { recursive: true }).some((name) => String(name).includes('pairs-')))
      await sleep(5)
    child.kill(signal)
    expect((await closed)[0], told).toBe(75)
    expect(told).toContain('stopped while looking for phrases; nothing was written')
    expect(readdirSync(here)).toEqual(['big.txt'])
  },
)
