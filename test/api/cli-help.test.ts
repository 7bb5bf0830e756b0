import { expect, test } from 'vitest'
import { flagOf } from '../../src/cli/train-options.ts'
import { trainConfigSchema, trainKeys } from '../../src/word2vec/index.ts'
import { millrace } from '../support/run-millrace.ts'

const help = (...args: string[]) => millrace('.', ...args, '--help')

test('each command has its help, and the first names each command', () => {
  const first = help()
  expect(first).toMatchObject({ status: 0, stderr: '' })
  const commands = [...first.stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name!)
  expect(commands).toEqual(
    expect.arrayContaining(['train', 'experiment', 'query', 'eval', 'convert', 'report']),
  )
  for (const command of commands.filter((name) => name !== 'help')) {
    const { status, stdout, stderr } = help(command)
    expect({ status, stderr }, command).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`Usage: millrace ${command} `)
    expect(stdout).toContain('--json')
  }
})

test("train's help states every key of the schema, what it means, and its default", () => {
  // A terminal's width breaks the lines.
  const entries = help('train')
    .stdout.replace(/\s+/g, ' ')
    .split(/ (?=--[a-z-]+ )/)
  for (const key of trainKeys) {
    const { description, def } = trainConfigSchema.shape[key]
    const entry = entries.find((text) => text.startsWith(`${flagOf(key)} <`))
    expect(entry, key).toContain(description)
    expect(entry).toContain('defaultValue' in def ? `(default: ${def.defaultValue})` : '(default: ')
  }
})
