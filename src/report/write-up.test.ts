import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { gridRecipe, madeUpExperiment, madeUpRuns, rowsRecipe } from '../../test/report/made-up-experiment.ts'
import { documentPdf } from './document-pdf.ts'
import { findExperiment } from './experiment-runs.ts'
import { writePaper } from './paper.ts'
import { writeRecipe } from './write-up.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const folder = () => mkdtempSync(join(tmpdir(), 'millrace-out-'))
const share = (id: string) => Number(/dim=(\d+)/.exec(id)?.[1] ?? 300) / 2000

test('a recipe becomes HTML, Markdown, LaTeX and pictures, equal ones each time', async () => {
  vi.stubEnv('PATH', onlyPrograms())
  const runs = madeUpRuns()
  const recipe = madeUpExperiment(rowsRecipe, { runs, scale: 'tiny', fate: share })
  const [first, second] = [folder(), folder()]
  await writeRecipe(findExperiment(recipe, { runs }), first, 'rows')
  await writeRecipe(findExperiment(recipe, { runs }), second, 'rows')
  expect(readdirSync(first).sort()).toEqual(
    [
      'rows.html',
      'rows.md',
      'rows.tex',
      ...['capitals', 'loss', 'over-time', 'semantic', 'speed'].flatMap((name) => [
        `rows-${name}.pdf`,
        `rows-${name}.svg`,
      ]),
    ].sort(),
  )
  for (const file of readdirSync(first))
    expect(readFileSync(join(first, file)).equals(readFileSync(join(second, file))), file).toBe(true)
  const tex = readFileSync(join(first, 'rows.tex'), 'utf8')
  expect(tex).toMatch(/\\includegraphics\[width=0\.\d\d\\linewidth\]{rows-loss\.pdf}/)
  const capitals = readFileSync(join(first, 'rows-capitals.svg'), 'utf8')
  expect(capitals).toContain('>new zealand</text>')
  expect(capitals.match(/<polygon/g)).toHaveLength(6)
  // A hollow and a filled point are named; each label has paper behind it.
  for (const name of ['countries', 'capitals']) expect(capitals).toContain(`>${name}</text>`)
  expect(capitals.match(/fill-opacity/g)).toHaveLength(12)
  const semantic = readFileSync(join(first, 'rows-semantic.svg'), 'utf8')
  for (const text of ['semantic (%)', 'ours at scale tiny', 'the paper’s', '15.0', '15.5', '50.0'])
    expect(semantic).toContain(`>${text}</text>`)
  const speed = readFileSync(join(first, 'rows-speed.svg'), 'utf8')
  expect(speed).not.toContain('paper')
  expect(readFileSync(join(first, 'rows-loss.svg'), 'utf8')).toContain(
    '>loss (nats per pair of words)</text>',
  )
  const overTime = readFileSync(join(first, 'rows-over-time.svg'), 'utf8')
  // Two curves with five points each, and the two names: of each curve a shape of its own.
  const shapes = [...overTime.matchAll(/aria-roledescription="point"[^>]*? d="([^"]+)"/g)].map(([, d]) => d)
  expect(new Set(shapes).size).toBe(2)
  expect(readFileSync(join(first, 'rows.md'), 'utf8')).toContain(
    '- Left out, since a word is not in the vocabulary: Nowhere – Nothing.',
  )
})

test('lines are drawn for ours and, on the same scale, for the paper’s', async () => {
  const runs = madeUpRuns()
  const recipe = madeUpExperiment(gridRecipe, { runs, scale: 'paper', fate: share })
  const out = folder()
  await writeRecipe(findExperiment(recipe, { runs }), out, 'table2')
  const svg = readFileSync(join(out, 'table2-accuracy-by-words.svg'), 'utf8')
  // Points of both panels, and the signs of the legend.
  expect(svg.match(/aria-roledescription="point"/g)).toHaveLength(48)
  for (const text of [
    'ours',
    'paper',
    '24M',
    '783M',
    'words of text',
    'questions-words (%)',
    'dimensions',
    '600',
  ])
    expect(svg).toContain(`>${text}</text>`)
  expect(svg).toContain('stroke-dasharray')
  expect(svg).not.toMatch(/<(style|script|clipPath)/)
})

/** A path on which nothing is found but what is said. */
function onlyPrograms(...names: string[]): string {
  const bin = folder()
  for (const name of names) {
    const found = (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, name))
    const path = found.find((path) => readable(path))
    if (path) symlinkSync(path, join(bin, name))
  }
  return bin
}

function readable(path: string): boolean {
  try {
    return readFileSync(path).length > 0
  } catch {
    return false
  }
}

test('all recipes become one document, which says what is missing', async () => {
  const [experiments, runs, out] = [folder(), madeUpRuns(), folder()]
  mkdirSync(join(experiments, 'paper1'))
  // JSON is YAML.
  writeFileSync(join(experiments, 'paper1/table10.yaml'), JSON.stringify(rowsRecipe))
  writeFileSync(join(experiments, 'paper1/table2.yaml'), JSON.stringify(gridRecipe))
  writeFileSync(join(experiments, 'quick.yaml'), JSON.stringify({ name: 'quick', corpus: 'sotu' }))
  madeUpExperiment(rowsRecipe, { runs, scale: 'tiny', fate: share })
  vi.stubEnv('PATH', onlyPrograms())
  const written = await writePaper(out, { experiments, runs })
  expect(written).toMatchObject({ recipes: 2, runs: { complete: 2, missing: 73 }, pdf: null })
  expect(written.pdfNotes.join('\n')).toMatch(/no LaTeX was found.*apt-get(.|\n)*no Chromium/)
  const text = readFileSync(written.markdown, 'utf8')
  const heads = text.split('\n').filter((line) => line.startsWith('## '))
  expect(heads.slice(0, 3)).toEqual(['## What this is', '## Setup', '## Corpora'])
  expect(heads.slice(4)).toEqual(['## Models', '## Speed', '## What was not run', '## References'])
  expect(text).toContain('| first 16M words of text8 | 16,000,000 | 6,000,000 | 16M |')
  expect(text).toContain('- Models: `big`: words 1.6B is not run at this scale.')
  expect(text).toContain('60 of 72 runs: not run yet.')
  expect(text).toContain('| CBOW &lt;1 epoch&gt; | 2,000 | 9.0 s | 250,000 | 2 | 50.0 MiB |')
  expect(text).toContain('(figures/paper1-table10-loss.svg)')
  await expect(writePaper(out, { experiments: folder(), runs })).rejects.toThrow('there are no recipes')
  await expect(writePaper(out, { experiments, runs, scale: 'tyni' })).rejects.toThrow('did you mean tiny?')
})

test.for(['pdflatex', 'chromium'])(
  '%s makes a PDF without the time of its making',
  async (program, { skip }) => {
    vi.stubEnv('PATH', onlyPrograms(program))
    const out = folder()
    writeFileSync(join(out, 'paper.html'), '<!doctype html><p>한국어</p>')
    writeFileSync(
      join(out, 'paper.tex'),
      '\\documentclass{article}\\ifdefined\\pdftrailerid\\pdftrailerid{}\\fi\\begin{document}x\\end{document}',
    )
    const first = await documentPdf(out, 'paper')
    if (first.by === null) return skip(`there is no ${program} here`)
    expect(first.by).toBe(program)
    const text = Buffer.from(first.pdf!).toString('latin1')
    expect(text.match(/\/CreationDate ?\(D:(\d{4})/)?.[1]).toBe('1970')
    expect(text).not.toMatch(/D:20\d\d|\/ID/)
    expect(readdirSync(out).sort()).toEqual(['paper.html', 'paper.tex'])
  },
)
