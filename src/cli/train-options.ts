import { readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { parseBytes } from '../core/bytes.ts'
import { ConfigError, InputError } from '../core/errors.ts'
import {
  parseTrainConfig,
  type TrainConfigInput,
  type TrainKey,
  trainConfigSchema,
  trainKeys,
} from '../word2vec/index.ts'

/** Where a run of a corpus lies unless --out says so. */
export function defaultOut(corpus: string[]): string {
  return join('runs', basename(resolve(corpus[0]!), '.txt'))
}

/** A config key as a flag: `minCount` is `--min-count`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** Adds a flag for each key of the training config, with its meaning and default from the schema. */
export function addTrainOptions(command: Command): Command {
  for (const key of trainKeys) {
    const schema = trainConfigSchema.shape[key]
    if (inner(key) instanceof z.ZodBoolean) {
      command.option(flagOf(key), schema.description)
      continue
    }
    const value =
      key === 'init'
        ? 'vectors'
        : key === 'memory'
          ? 'size'
          : key === 'checkpointEvery' || key === 'evaluateEvery'
            ? 'interval'
            : key === 'earlyStop'
              ? 'score'
              : 'options' in inner(key)
                ? choices(key).join('|')
                : 'n'
    const standard = schema.def.type === 'default' ? ` (default: ${defaultOf(key)})` : ''
    command.option(`${flagOf(key)} <${value}>`, `${schema.description}${standard}`)
  }
  return command
}

export function defaultOf(key: TrainKey): unknown {
  const { def } = trainConfigSchema.shape[key]
  return 'defaultValue' in def ? def.defaultValue : undefined
}

/**
 * The config that flags and a config file ask for: only what was given, flags before the file.
 *
 * throws  ConfigError naming the flag or key; InputError if the file cannot be read
 */
export async function trainConfigOf(
  options: Record<string, unknown>,
  file: string | undefined,
): Promise<TrainConfigInput> {
  const given = file === undefined ? {} : await readConfig(file)
  for (const key of trainKeys) {
    const text = options[key]
    if (text === true) given[key] = true
    if (typeof text === 'string') given[key] = parseFlag(key, text)
  }
  return given as TrainConfigInput
}

function parseFlag(key: TrainKey, text: string): unknown {
  const flag = flagOf(key)
  if (key === 'memory') {
    const bytes = parseBytes(text, flag)
    if (bytes > 0) return bytes
    throw new ConfigError('FLAG_VALUE', {
      what: `${flag} ${text} is not possible`,
      why: 'nothing runs in no memory',
      mend: `leave it out for what the machine has, or write it like ${flag} 2G`,
    })
  }
  const value =
    inner(key) instanceof z.ZodString || 'options' in inner(key)
      ? text
      : text.trim() === ''
        ? Number.NaN
        : Number(text)
  const result = trainConfigSchema.shape[key].safeParse(value)
  if (result.success) return value
  const standard = defaultOf(key)
  throw new ConfigError('FLAG_VALUE', {
    what: `${flag} ${text} is not possible`,
    why: whyWrong(result.error.issues[0]!),
    ...(standard !== undefined && { mend: `leave it out for ${standard}, or see --help` }),
  })
}

function whyWrong(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_small')
    return `it must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
  if (issue.code === 'too_big')
    return `it must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`
  if (issue.code === 'invalid_type')
    return `it must be a ${issue.expected === 'int' ? 'whole number' : issue.expected}`
  if (issue.code === 'invalid_value') return `it must be ${issue.values.join(' or ')}`
  return issue.message
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const { parse } = await import('yaml')
  let content: unknown
  try {
    content = parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new InputError('CONFIG_FILE', {
      what: `cannot read the config ${path}`,
      why: missing ? 'it is not there' : String((cause as Error).message).split('\n')[0]!,
      mend: 'give a YAML file with lines such as `dim: 200`',
      cause,
    })
  }
  parseTrainConfig(content ?? {}, path)
  return { ...(content as Record<string, unknown>) }
}

/** The schema of a key without its default. */
function inner(key: TrainKey): object {
  const schema = trainConfigSchema.shape[key]
  return 'innerType' in schema.def ? (schema.def.innerType as object) : schema
}

function choices(key: TrainKey): string[] {
  return (inner(key) as { options: string[] }).options
}
