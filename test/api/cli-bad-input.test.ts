import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { RunFolder } from '../../src/run/index.ts'
import { KeyedVectors } from '../../src/vectors/index.ts'
import { millrace } from '../support/run-millrace.ts'

// What a user gets who gives something wrong: one clear message, the right exit code, and nothing left behind.

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const file = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content)
const isRoot = process.getuid?.() === 0
/** Enough of a config to train in no time. */
const quick = ['--dim', '4', '--threads', '1', '--epochs', '1', '--min-count', '1']

file('text.txt', 'one two three four five\n'.repeat(2000))
file('empty.txt', '')
file('blank.txt', ' \n\n\t\n')
file('rare.txt', 'each word once\n')
file('binary.txt', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]))
file('packed.gz', Buffer.from([0x1f, 0x8b, 8, 0]))
mkdirSync(join(folder, 'no-text'))
file('no-text/readme.md', 'text')
file('unknown-key.yaml', 'dim: 8\nwindows: 3\n')
file('wrong-value.yaml', 'dim: wide\n')
file('torn.yaml', 'dim: [\n')
file('recipe-unknown.yaml', 'name: mine\ncorpus: [text.txt]\ntrain:\n  dims: 8\n')
file('recipe-name.yaml', 'name: ../mine\ncorpus: [text.txt]\n')
file('recipe-empty.yaml', '')
KeyedVectors.from({
  words: { length: 3, bytes: (i: number) => Buffer.from(['a', 'b', 'c'][i]!) },
  counts: null,
  dim: 2,
  matrix: new Float32Array([1, 0, 0, 1, 1, 1]),
  stride: 2,
} as never).save(join(folder, 'vectors.safetensors'), 'safetensors')
file('cut.safetensors', '')
execFileSync('cp', [join(folder, 'vectors.safetensors'), join(folder, 'cut.safetensors')])
truncateSync(join(folder, 'cut.safetensors'), 70)

const given = new Set(readdirSync(folder))

/** [what is given, what is told] */
type Case = [args: string[], told: string]

/** Nothing under a final name, and no run folder, has come of it. */
function expectNothingLeft(): void {
  const left = readdirSync(folder).filter((name) => !given.has(name))
  // `runs` itself may be there, empty.
  expect(left.filter((name) => name !== 'runs')).toEqual([])
  if (left.includes('runs')) expect(readdirSync(join(folder, 'runs'))).toEqual([])
}

function expectRefused([args, told]: Case, exitCode = 2): void {
  const { status, signal, stdout, stderr } = millrace(folder, ...args)
  expect({ status, signal, stdout }, stderr).toEqual({ status: exitCode, signal: null, stdout: '' })
  expect(stderr).toContain(told)
  // One message, in plain words: no stack, no second one.
  expect(stderr).not.toMatch(/^ +at |Error:|node:|undefined|\[object/m)
  expect(stderr.match(/^(millrace|error): /gm), stderr).toHaveLength(1)
}

describe('train and experiment refuse', () => {
  const cases: Case[] = [
    [['train', 'missing.txt'], 'there is no missing.txt\n  try: check the path'],
    [['train', 'empty.txt'], 'empty.txt holds no text\n  why: the file is empty'],
    [['train', 'blank.txt'], 'there is only white space in it'],
    [['train', 'rare.txt'], 'try: use --min-count 1 or less, or a longer text'],
    [['train', 'binary.txt'], 'binary.txt is not plain text\n  why: there is a zero byte at offset 7'],
    [['train', 'packed.gz'], 'packed.gz is not plain text\n  why: it is gzip\n  try: unpack it first'],
    [['train', 'no-text'], 'the folder no-text has no text in it'],
    [['train', '/dev/null'], '/dev/null is not a regular file'],
    [['train', 'text.txt', '--dim', '0'], '--dim 0 is not possible\n  why: it must be at least 1'],
    [['train', 'text.txt', '--dim', '-5'], '--dim -5 is not possible'],
    [['train', 'text.txt', '--dim', 'NaN'], '--dim NaN is not possible\n  why: it must be a number'],
    [['train', 'text.txt', '--dim', ''], '--dim  is not possible'],
    [['train', 'text.txt', '--dim', '1e9'], 'why: it must be at most 4096'],
    [['train', 'text.txt', '--epochs', '1.5'], 'why: it must be a whole number'],
    [['train', 'text.txt', '--lr', '0'], '--lr 0 is not possible\n  why: it must be more than 0'],
    [['train', 'text.txt', '--lr', 'Infinity'], '--lr Infinity is not possible'],
    [['train', 'text.txt', '--evaluate-every', '60s'], 'such as 1epoch, 0.25epochs'],
    [['train', 'text.txt', '--early-stop', 'x.total'], 'no questions were given'],
    [
      ['train', 'text.txt', '--odd', 'rare.txt', '--early-stop', 'rar'],
      'there is no score "rar" to stop early on\n  try: did you mean rare?',
    ],
    [['train', 'text.txt', '--tokenizer', 'bytes'], 'why: it must be whitespace or words'],
    [['train', 'text.txt', '--memory', '2X'], '--memory 2X is not a size'],
    [['train', 'text.txt', '--memory', '1M'], 'why: the limit is 1.0 MiB (--memory)\n  try: use --memory'],
    [['plan', 'text.txt', '--memory', '1M'], 'why: the limit is 1.0 MiB\n  try: use --memory'],
    [['plan', 'no-text'], 'the folder no-text has no text in it'],
    [['plan', 'torn.yaml'], 'cannot read the recipe torn.yaml'],
    [['train', 'text.txt', '--dimension', '8'], "unknown option '--dimension'"],
    [['train', 'text.txt', '--dim'], "option '--dim <n>' argument missing"],
    [['train'], "missing required argument 'corpus'"],
    [['train', 'text.txt', '--config', 'missing.yaml'], 'cannot read the config missing.yaml'],
    [['train', 'text.txt', '--config', 'torn.yaml'], 'cannot read the config torn.yaml'],
    [
      ['train', 'text.txt', '--config', 'unknown-key.yaml'],
      'unknown key windows\n  try: did you mean window?',
    ],
    [['train', 'text.txt', '--config', 'wrong-value.yaml'], 'wrong-value.yaml: dim is wrong'],
    [['train', 'text.txt', '--out', 'text.txt'], 'text.txt is not a folder'],
    [['train', 'text.txt', '--out', 'no-text'], 'is not a run folder, and not empty'],
    [['experiment', 'missing.yaml'], 'cannot read the recipe missing.yaml'],
    [['experiment', 'torn.yaml'], 'cannot read the recipe torn.yaml'],
    [['experiment', 'recipe-unknown.yaml'], 'unknown key train.dims\n  try: did you mean dim?'],
    [['experiment', 'recipe-name.yaml'], 'recipe-name.yaml: name is wrong'],
    [['experiment', 'recipe-empty.yaml'], 'recipe-empty.yaml is wrong'],
    [['trian'], "unknown command 'trian'"],
  ]
  test.each(cases)('millrace %j', (...given) => {
    expectRefused(given)
    expectNothingLeft()
  })
})

describe('query, eval, convert and report refuse', () => {
  const cases: Case[] = [
    [['query', 'missing.bin', 'near', 'a'], 'missing.bin'],
    [['query', 'cut.safetensors', 'near', 'a'], 'is not a whole safetensors file'],
    [['query', 'vectors.safetensors', 'near', 'zebra'], 'the word "zebra" is not among the 3 words'],
    [['query', 'vectors.safetensors', 'near', 'a', '--counts', '3'], "unknown option '--counts'"],
    [['query', 'no-text', 'near', 'a'], 'is not a run folder'],
    [
      ['eval', 'vectors.safetensors', '--analogies', 'missing.txt'],
      'cannot read the questions in missing.txt',
    ],
    [['eval', 'cut.safetensors', '--odd', 'text.txt'], 'is not a whole safetensors file'],
    [['convert', 'missing.bin', 'out.txt'], 'missing.bin'],
    [['convert', 'cut.safetensors', 'out.txt'], 'is not a whole safetensors file'],
    [['convert', 'vectors.safetensors', 'out.xyz'], 'does not tell a format'],
    [['convert', 'text.txt', 'out.bin'], 'text.txt is not a file of word vectors'],
    [['report', 'no-text'], 'is not a run folder'],
  ]
  test.each(cases)('millrace %j', (...given) => {
    expectRefused(given)
    expectNothingLeft()
  })
})

test('with --json the error is one line of JSON as well', () => {
  const { status, stdout, stderr } = millrace(folder, 'train', 'missing.txt', '--json')
  expect(status).toBe(2)
  expect(stdout.endsWith('}\n')).toBe(true)
  expect(JSON.parse(stdout)).toEqual({
    type: 'error',
    code: 'CORPUS_MISSING',
    what: 'there is no missing.txt',
    mend: 'check the path',
    exitCode: 2,
  })
  expect(stderr).toContain('there is no missing.txt')
})

describe('where nothing can be written', () => {
  const train = ['train', 'text.txt', ...quick, '--out']
  test('a file in the way is told', () => {
    expectRefused([[...train, 'text.txt/run'], 'a file of that name is in the way'], 1)
    expectNothingLeft()
  })
  test.skipIf(!existsSync('/proc/self'))('so is a place where no folder can be', () =>
    expectRefused([[...train, '/proc/millrace/run'], 'cannot be made'], 1),
  )
  test.skipIf(isRoot)('so is a folder that is read-only (skipped for root, who may write there)', () => {
    mkdirSync(join(folder, 'read-only'), { mode: 0o500 })
    given.add('read-only')
    expectRefused([[...train, 'read-only/run'], 'permission denied'], 1)
    chmodSync(join(folder, 'read-only'), 0o700)
    expect(readdirSync(join(folder, 'read-only'))).toEqual([])
  })

  // A file system of its own, which root alone may mount.
  const disk = join(folder, 'disk')
  const isMounted = isRoot && mount(disk, 'size=600k')
  given.add('disk')
  afterAll(() => {
    if (isMounted) execFileSync('umount', [disk])
  })
  test.skipIf(!isMounted)(
    'a disk that is too small is told before any work (skipped where none can be mounted)',
    () => {
      // 2000 words × 100 dimensions: a checkpoint of 1.6 MB.
      file('many.txt', Array.from({ length: 20_000 }, (_, i) => `w${i % 2000}`).join(' '))
      given.add('many.txt')
      const { status, stdout, stderr } = millrace(
        folder,
        'train',
        'many.txt',
        '--threads',
        '1',
        '--out',
        'disk/run',
      )
      expect({ status, stdout }, stderr).toEqual({ status: 2, stdout: '' })
      expect(stderr).toMatch(
        /the run needs 5\.\d MiB of disk in .*\n {2}why: \d+ KiB are free there\n {2}try: free 5/,
      )
      expect(stderr).not.toMatch(/^ +at /m)
      const run = new RunFolder(join(disk, 'run'))
      expect(run.read()).toMatchObject({ status: 'failed', pids: { trainer: null } })
      expect(globSync('**/*', { cwd: disk }).filter((name) => /\.tmp|\d{6}|vectors|lock/.test(name))).toEqual(
        [],
      )
    },
  )
  test.skipIf(!isMounted)('a read-only disk is told', () => {
    execFileSync('mount', ['-o', 'remount,ro', disk])
    expectRefused([[...train, 'disk/other'], 'the file system is read-only'], 1)
  })
})

describe('odd input that is no fault', () => {
  /** A run in a folder of its own, so that it leaves nothing here. */
  const train = (corpus: string, ...args: string[]) => {
    const out = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run')
    return millrace(folder, 'train', corpus, ...quick, ...args, '--json', '--out', out)
  }
  test('invalid UTF-8 is trained on, with one warning', () => {
    file('latin1.txt', Buffer.from('caf\xe9 na\xefve caf\xe9 plain\n'.repeat(500), 'latin1'))
    const { status, stdout, stderr } = train('latin1.txt')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ type: 'done', words: 2000, vocabulary: 3 })
    expect(stderr.match(/^warning: .*$/gm)).toEqual([
      expect.stringContaining('warning: 1,500 invalid UTF-8 sequences were replaced by U+FFFD'),
    ])
  })
  test('a line of 30 MB is trained on', () => {
    // 20 words of 4 bytes and a space: 100 bytes.
    file(
      'line.txt',
      Array.from({ length: 20 }, (_, i) => `w${100 + i} `)
        .join('')
        .repeat(300_000),
    )
    const { status, stdout, stderr } = train('line.txt', '--threads', '2', '--sample', '1e-5')
    expect(status, stderr).toBe(0)
    const { words, audit } = JSON.parse(stdout)
    expect(words).toBe(6_000_000)
    // Records of 1000 words, but for the last of each of the blocks.
    expect(audit.epochs[0].records).toBeGreaterThanOrEqual(6000)
    expect(audit.epochs[0].records).toBeLessThanOrEqual(6000 + 30e6 / 65536)
  })
  test('a config file may write a size as the flag does', () => {
    file('memory.yaml', 'memory: 2G\n')
    expect(train('text.txt', '--config', 'memory.yaml').status).toBe(0)
  })
})

function mount(path: string, options: string): boolean {
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
