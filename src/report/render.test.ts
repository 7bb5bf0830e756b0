import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Block, Marks, type TableContent } from './document.ts'
import { layoutOf } from './latex-columns.ts'
import { escapeLatex } from './latex-text.ts'
import { renderHtml } from './render-html.ts'
import { renderLatex, renderLatexParts } from './render-latex.ts'
import { renderMarkdown } from './render-markdown.ts'

const nasty = '<b> & 100 % _x_ ~ ^ \\ {a} $5 #1 | "q" \'s `c` [l](m) *i*'

const table: TableContent = {
  id: 'nasty',
  title: nasty,
  caption: [nasty],
  head: [
    [{ text: '' }, { text: nasty, span: 2 }],
    [{ text: nasty }, { text: 'ours', quiet: nasty }, { text: 'paper' }],
  ],
  align: ['left', 'right', 'right'],
  rows: [
    {
      kind: 'ours',
      cells: [{ text: nasty }, { text: '1 ± 2', marks: 'a,b' }, { text: nasty, kind: 'paper' }],
    },
    { kind: 'ours', cells: [{ text: '[1] CBOW' }, { text: '[2]' }, { text: '*' }] },
    { kind: 'ours', cells: [{ text: '*starred' }, { text: '' }, { text: '' }] },
    { kind: 'paper', rule: true, cells: [{ text: 'they', quiet: nasty }, { text: '' }, { text: '[3]' }] },
  ],
  notes: [{ mark: 'a', text: nasty }, { text: 'say `min_count` & 5' }],
}
/** Of as many rows as no page holds; the last word is looked for in what is set. */
const tall: TableContent = {
  ...table,
  id: 'tall',
  head: [[{ text: '[run]' }, { text: 'ours' }, { text: 'paper' }]],
  rows: Array.from({ length: 90 }, (_, i) => ({
    kind: 'ours',
    cells: [{ text: `[${i}] row` }, { text: '1' }, { text: '2' }],
  })),
}
const letters = 'Ð Đ ð Þ þ À É ñ ø ß Œ œ Š ž ł ő ğ – — ‘a’ “b” … ± × ÷ − · → ≥ ≤ ≈ √ ρ δ μ ° § ½ ¾ © £ € ² ³'
const others = '한국어 日本 Ελλάδα Россия العربية 🙂 ħ Ŀ e\u0301 a\u0300\u0323'
const blocks: Block[] = [
  { kind: 'heading', level: 2, text: nasty },
  { kind: 'text', text: letters },
  { kind: 'list', items: [others, '[1] not an option', `code \`a_b,${others}\``] },
  { kind: 'table', table },
  { kind: 'table', table: tall },
  {
    kind: 'figure',
    figure: { id: 'f', title: others, caption: [], svg: undefined, width: 0.5, notes: [{ text: nasty }] },
  },
]

test('HTML says what the text says, and nothing else', () => {
  const html = renderHtml(nasty, [{ kind: 'table', table }])
  expect(html).toContain('<title>&lt;b&gt; &amp; 100 % _x_ ~ ^ \\ {a} $5 #1 | &quot;q&quot; &#39;s `c`')
  expect(html).not.toContain('<b> &')
  expect(html).toContain('<code>min_count</code> &amp; 5')
  expect(html).toContain('<td class="number">1 ± 2<sup>a,b</sup></td>')
  expect(html).not.toMatch(/<script|src=|href=/)
})

test('in Markdown no text is taken for markup, and each row has all its cells', () => {
  const text = renderMarkdown([{ kind: 'table', table }], () => '')
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  expect(rows).toHaveLength(6)
  for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(4)
  expect(rows[2]).toContain('&lt;b&gt; &amp; 100 % \\_x\\_ \\~ \\^ \\\\ {a} $5 \\#1 \\| "q"')
  expect(rows[2]).toContain('1 ± 2 <sup>a,b</sup>')
  expect(text).toContain('- say `min_count` &amp; 5')
})

test('each letter that LaTeX reads as its own is escaped', () => {
  expect(escapeLatex('a_b & 5 % #1 $ {x} ~ ^ \\ < >')).toBe(
    'a\\_b \\& 5 \\% \\#1 \\$ \\{x\\} \\textasciitilde{} \\textasciicircum{} \\textbackslash{} \\textless{} \\textgreater{}',
  )
  expect(escapeLatex("the paper's words' order 'a'")).toBe(
    "the paper's words' order \\textquotesingle{}a\\textquotesingle{}",
  )
  expect(escapeLatex('é 한 ±')).toBe('é \\othercharacter{D55C}{U+D55C} $\\pm$')
})

test('a row that begins with a bracket or a star is no option of the row before', () => {
  const text = renderLatexParts(
    [
      { kind: 'table', table: tall },
      { kind: 'table', table },
    ],
    () => '',
  )
  expect(text).toContain('\n{}[1] CBOW & [2] & * \\\\\n{}*starred &')
  // The head of a table that goes on over pages is said twice.
  expect(text.match(/\\begin{longtable}/g)).toHaveLength(1)
  expect(text.match(/\[run\]/g)).toHaveLength(2)
  expect(text).toContain('\n{}[89] row & 1 & 2 \\\\\n\\end{longtable}')
})

test('columns are as wide as their text, in the largest type that fits, and words break only if none does', () => {
  const of = (...texts: string[]): TableContent => ({
    ...table,
    head: [texts.map(() => ({ text: '' }))],
    align: texts.map((text) => (/^[\d.]+$/.test(text) ? 'right' : 'left')),
    rows: [{ kind: 'ours', cells: texts.map((text) => ({ text })) }],
  })
  const words = (count: number) => Array(count).fill('words').join(' ')
  expect(layoutOf(of(words(5), '12.5', '13'))).toMatchObject({
    size: 'small',
    columns: ['l', 'r', 'r'],
    isLong: false,
  })
  const smaller = layoutOf(of(words(9), words(9), '12.5'))
  expect(smaller).toMatchObject({ size: 'footnotesize', columns: ['l', 'l', 'r'] })
  const broken = layoutOf(of('label', words(40), words(20), '12.5'))
  expect(broken.broken).toEqual([false, true, true, false])
  const [first, second] = broken.columns.flatMap((column) => /p{(0\.\d+)\\linewidth}/.exec(column)?.[1] ?? [])
  expect(Number(first) / Number(second)).toBeCloseTo(2, 1)
  expect(Number(first) + Number(second)).toBeGreaterThan(0.7)
  expect(Number(first) + Number(second)).toBeLessThan(0.95)
  // 30 rows of three lines are more than a page.
  const rows = Array(30).fill(of('label', words(40), words(20), '12.5').rows[0]!)
  expect(layoutOf({ ...of('label', words(40), words(20), '12.5'), rows }).isLong).toBe(true)
})

test('a document of all of it compiles', ({ skip }) => {
  if (!hasPdflatex()) return skip('there is no pdflatex here')
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tex-'))
  writeFileSync(
    join(folder, 'a.tex'),
    renderLatex(nasty, blocks, () => ''),
  )
  try {
    execFileSync('pdflatex', ['-interaction=nonstopmode', '-halt-on-error', 'a.tex'], {
      cwd: folder,
      stdio: 'pipe',
    })
  } catch {
    expect.fail(
      readFileSync(join(folder, 'a.log'), 'latin1')
        .split('\n')
        .filter((l) => /^(!|l\.)/.test(l))
        .join('\n'),
    )
  }
  // Lines of the log are broken anywhere.
  const log = readFileSync(join(folder, 'a.log'), 'latin1').replaceAll('\n', '')
  expect(log).not.toMatch(/Missing character/)
  // Text is outlines, and 90 rows are more than a page.
  expect(log).toMatch(/(cm|lm)r10\.pfb/)
  expect(Number(/\((\d+) pages/.exec(log)?.[1])).toBeGreaterThanOrEqual(3)
})

test('reasons have letters in the order in which they come', () => {
  const marks = new Marks()
  expect([marks.of(['x']), marks.of(['y', 'x']), marks.of([])]).toEqual(['a', 'b,a', undefined])
  for (let i = 0; i < 25; i++) marks.of([`more ${i}`])
  expect(marks.of(['last'])).toBe('ab')
})

function hasPdflatex(): boolean {
  try {
    execFileSync('pdflatex', ['--version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
