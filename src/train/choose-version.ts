import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { findCorpusFiles } from '../corpus/index.ts'
import { nextVersion, type RunFile, RunFolder, versionFolder, versionsOf } from '../run/index.ts'
import {
  keyClass,
  parseTrainConfig,
  type TrainConfig,
  type TrainConfigInput,
  trainKeys,
} from '../word2vec/index.ts'
import { findInit } from './init.ts'

/** The version of a name that a config and a corpus belong to. */
export interface ChosenVersion {
  name: string
  version: number
  /** Its run folder. */
  out: string
  isNew: boolean
  /** What sets it apart from the version before it, if it is new and there is one: `dim is 200, and mine has 100`. */
  because: string | null
}

/**
 * The newest version of a name that was trained with this config and on this corpus, else the next one. What is left
 * out of the config means its default here, and not what an earlier version has. Keys that say only how a run is run
 * count for nothing.
 *
 * A text is taken for the same if its files are as long; `except` names versions that turned out to have another one.
 *
 * throws  ConfigError if it is no name, or the config is wrong; InputError if the corpus or `init` cannot be read
 */
export function chooseVersion({
  name,
  corpus,
  config,
  runs = 'runs',
  except = [],
}: {
  name: string
  corpus: string[]
  config: TrainConfigInput
  runs?: string
  except?: readonly number[]
}): ChosenVersion {
  if (!/^\w[\w.+=,-]*$/.test(name))
    throw new ConfigError('RUN_NAME', {
      what: `${name} is no name of a run`,
      why: 'a name is made of letters, digits and . _ - + = and commas; its version is found by its config',
      mend: 'use another --name, or --out for a folder',
    })
  const wanted = wantedOf(config, runs, name)
  const files = findCorpusFiles(corpus).map(({ bytes }) => bytes)
  const paths = corpus.map((path) => resolve(path))
  let because: string | null = null
  for (const version of versionsOf(runs, name).reverse()) {
    const out = versionFolder(runs, name, version)
    const fault = except.includes(version)
      ? 'it was trained on another text'
      : differenceOf(new RunFolder(out), wanted, { paths, files })
    if (fault === null) return { name, version, out, isNew: false, because: null }
    because ??= `${version === 1 ? name : `${name}@${version}`}: ${fault}`
  }
  const version = nextVersion(runs, name)
  return { name, version, out: versionFolder(runs, name, version), isNew: true, because }
}

interface Wanted {
  config: TrainConfig
  /** Of the vectors to begin with; null if they are not there to be looked at. */
  init: string | null
}

function wantedOf(config: TrainConfigInput, runs: string, name: string): Wanted {
  const { init: path } = config
  const isThere = path !== undefined && existsSync(path)
  const init = isThere
    ? findInit({ init: path }, undefined, new RunFolder(versionFolder(runs, name, 1)))
    : undefined
  const given = { ...config, ...(path !== undefined && { init: resolve(path) }) }
  return {
    config: parseTrainConfig({ ...given, ...(init && { dim: init.dim }) }),
    init: init?.fingerprint ?? null,
  }
}

/** In what a run is another one than what is wanted; null if it is that. */
function differenceOf(
  folder: RunFolder,
  { config, init }: Wanted,
  text: { paths: string[]; files: number[] },
): string | null {
  let run: RunFile
  let stored: TrainConfig
  try {
    run = folder.read()
    const { corpus: _, ...rest } = run.config
    stored = parseTrainConfig(rest)
  } catch {
    return folder.exists() ? 'its run.json is damaged' : 'it is a recipe’s'
  }
  for (const key of trainKeys) {
    if (keyClass(key) === 'operational' || stored[key] === config[key]) continue
    // Of vectors the content counts, wherever they lay.
    if (key === 'init' && init !== null && run.fingerprints.init === init) continue
    return `it has ${key} ${stored[key] ?? 'none'}, and this ${config[key] ?? 'none'}`
  }
  if (config.init !== undefined && init !== null && run.fingerprints.init !== init)
    return `it began with other vectors than ${config.init} holds now`
  return isSameText(folder, run, text) ? null : 'it was trained on another text'
}

/** As far as it can be told without reading it: training looks at each block. */
function isSameText(
  folder: RunFolder,
  run: RunFile,
  { paths, files }: { paths: string[]; files: number[] },
): boolean {
  try {
    const { files: counted } = JSON.parse(readFileSync(folder.corpus, 'utf8')) as {
      files: { bytes: number }[]
    }
    return counted.length === files.length && counted.every(({ bytes }, i) => bytes === files[i])
  } catch {
    // It was not counted yet.
    return JSON.stringify(run.config.corpus) === JSON.stringify(paths)
  }
}
