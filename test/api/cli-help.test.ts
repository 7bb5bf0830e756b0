import { expect, test } from 'vitest'
import { defaultOf, flagOf } from '../../src/cli/train-options.ts'
import { type TrainKey, trainConfigSchema, trainKeys } from '../../src/word2vec/index.ts'
import { millrace } from '../support/run-millrace.ts'

const help = (...args: string[]) => millrace('.', ...args, '--help')

test('each command has its help, and the first names each command', () => {
  const first = help()
  expect(first).toMatchObject({ status: 0, stderr: '' })
  const commands = [...first.stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name!)
  expect(commands).toEqual(
    expect.arrayContaining([
      'train',
      'plan',
      'experiment',
      'data',
      'phrases',
      'query',
      'eval',
      'classes',
      'convert',
      'report',
      'runs',
      'supervise',
    ]),
  )
  for (const command of commands.filter((name) => name !== 'help')) {
    const { status, stdout, stderr } = help(command)
    expect({ status, stderr }, command).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`Usage: millrace ${command} `)
    expect(stdout).toContain('--json')
  }
})

test('--version of a command is its own', () => {
  expect(millrace('.', '--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  const { status, stderr } = millrace('.', 'report', 'experiments/paper1/table2.yaml', '--version', '7')
  expect(status).toBe(2)
  expect(stderr).toContain('there is no version 7 of paper1-table2')
})

/** Left out, they do nothing: the help gives them no default. */
const offByDefault: TrainKey[] = ['init', 'deterministic', 'skipBadBlocks']

test("train's help states every key of the schema, what it means, and its default", () => {
  // An entry begins two blanks from the left; a terminal's width breaks its lines, further in.
  const entries = help('train')
    .stdout.split(/\n {2}(?=-)/)
    .map((entry) => entry.replace(/\s+/g, ' '))
  for (const key of trainKeys) {
    const { description } = trainConfigSchema.shape[key]
    const entry = entries.find((text) => text.startsWith(`${flagOf(key)} `))
    expect(entry, key).toContain(description)
    const standard = defaultOf(key)
    if (offByDefault.includes(key)) expect(standard || 'off', key).toBe('off')
    else expect(entry, key).toContain(standard === undefined ? '(default: ' : `(default: ${standard})`)
  }
})
