import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { formatBytes } from '../core/bytes.ts'
import { formatCount } from '../core/text.ts'
import { formatOfName, type VectorFormat, vectorFormats } from '../vectors/index.ts'
import { loadVectors } from './load-vectors.ts'
import { print, printJson } from './output.ts'
import { requireOutputFile } from './output-file.ts'

interface Options {
  from?: VectorFormat
  to?: VectorFormat
  json?: boolean
}

/** `millrace convert`: vectors from one format to another. */
export function command(): Command {
  return new Command('convert')
    .argument('<in>', 'a run folder, or a file of vectors')
    .argument('<out>', 'the file to write')
    .addOption(
      new Option('--from <format>', 'format of <in> (default: by its content)').choices(vectorFormats),
    )
    .addOption(
      new Option('--to <format>', 'format of <out> (default: by its extension)').choices(vectorFormats),
    )
    .option('--json', 'one line of JSON instead of a sentence')
    .addHelpText(
      'after',
      `
Formats:
  safetensors  .safetensors   words, vectors and counts
  binary       .bin           word2vec's binary format
  text         .txt, .vec     word2vec's text format; GloVe's is read too

Examples:
  millrace convert runs/quick vectors.bin
  millrace convert GoogleNews-vectors-negative300.bin news.safetensors
  millrace convert glove.6B.100d.txt vectors --to binary`,
    )
    .action(convert)
}

function convert(input: string, output: string, { from, to = formatOfName(output), json }: Options): void {
  requireOutputFile('CONVERT', input, output)
  const vectors = loadVectors(input, from)
  vectors.save(output, to)
  const { length: words, dim } = vectors
  const bytes = statSync(output).size
  if (json) printJson({ type: 'convert', vectors: resolve(output), format: to, words, dim, bytes })
  else print(`${output}: ${formatCount(words)} words × ${dim}, ${to}, ${formatBytes(bytes)}`)
}
