import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A document as PDF, or why there is none. */
export interface MadePdf {
  pdf: Uint8Array | null
  /** The program that made it. */
  by: string | null
  /** What went wrong, or is not there. */
  notes: string[]
}

/** A minute is long for a document of these; a program that waits for an answer would wait forever. */
const timeout = 180_000

/**
 * Makes `<name>.pdf` of `<name>.tex` by latexmk, pdflatex or tectonic, whichever is there, else of `<name>.html` by
 * Chromium. Their temporary files lie elsewhere.
 */
export async function documentPdf(folder: string, name: string): Promise<MadePdf> {
  const notes: string[] = []
  for (const make of [byLatex, byChromium]) {
    const made = await make(folder, name)
    if (made.pdf) return { ...made, notes: [...notes, ...made.notes] }
    notes.push(...made.notes)
  }
  return { pdf: null, by: null, notes }
}

async function byLatex(folder: string, name: string): Promise<MadePdf> {
  const program = ['latexmk', 'pdflatex', 'tectonic'].find(findProgram)
  if (!program)
    return nothing(
      'no LaTeX was found (latexmk, pdflatex or tectonic): on Debian, apt-get install texlive-latex-recommended lmodern',
    )
  const out = mkdtempSync(join(tmpdir(), 'millrace-latex-'))
  const quiet = ['-interaction=nonstopmode', '-halt-on-error', `-output-directory=${out}`, `${name}.tex`]
  try {
    const options = {
      cwd: folder,
      timeout,
      maxBuffer: 2 ** 26,
      // No date of today's in the file.
      env: { ...process.env, SOURCE_DATE_EPOCH: '0', FORCE_SOURCE_DATE: '1' },
    }
    if (program === 'latexmk') await run(program, ['-pdf', '-norc', ...quiet], options)
    else if (program === 'tectonic') await run(program, ['--outdir', out, `${name}.tex`], options)
    else for (let pass = 0; pass < 2; pass++) await run(program, quiet, options)
    return { pdf: readFileSync(join(out, `${name}.pdf`)), by: program, notes: [] }
  } catch (error) {
    return nothing(`${program} failed: ${latexFault(join(out, `${name}.log`)) ?? lastLine(error)}`)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

async function byChromium(folder: string, name: string): Promise<MadePdf> {
  return await printHtml(readFileSync(join(folder, `${name}.html`), 'utf8'))
}

/** Prints a page without a script by Chromium, if it is there. */
export async function printHtml(html: string): Promise<MadePdf> {
  const program = browsers.find(findProgram)
  if (!program) return nothing('no Chromium was found either: any browser prints the HTML file to PDF')
  const out = mkdtempSync(join(tmpdir(), 'millrace-print-'))
  const [page, pdf] = [join(out, 'page.html'), join(out, 'page.pdf')]
  try {
    writeFileSync(page, html)
    const args = [
      '--headless',
      '--disable-gpu',
      '--no-pdf-header-footer',
      `--user-data-dir=${join(out, 'profile')}`,
      // Chromium refuses to run as root otherwise; the page is ours, and has no script.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--print-to-pdf=${pdf}`,
      pathToFileURL(page).href,
    ]
    await run(program, args, { timeout, maxBuffer: 2 ** 26 })
    return { pdf: withoutDates(readFileSync(pdf)), by: program, notes: [] }
  } catch (error) {
    return nothing(`${program} failed: ${lastLine(error)}`)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

function nothing(note: string): MadePdf {
  return { pdf: null, by: null, notes: [note] }
}

/** Equal documents are equal files: the time of printing is written over, in its own length. */
function withoutDates(pdf: Buffer): Buffer {
  const text = pdf.toString('latin1')
  return Buffer.from(
    text.replace(/\/(CreationDate|ModDate) ?\(D:\d{14}/g, (match) =>
      match.replace(/\d{14}/, '19700101000000'),
    ),
    'latin1',
  )
}

function findProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}

/** The first error in a log of LaTeX's, and the line that it tells. */
function latexFault(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  const lines = readFileSync(path, 'latin1').split('\n')
  const at = lines.findIndex((line) => line.startsWith('!'))
  if (at < 0) return undefined
  const place = lines.slice(at).find((line) => /^l\.\d+/.test(line))
  return [lines[at]!.slice(2).trim(), place?.trim()].filter(Boolean).join(' at ')
}

function lastLine(error: unknown): string {
  return String((error as Error).message)
    .trim()
    .split('\n')
    .at(-1)!
}
