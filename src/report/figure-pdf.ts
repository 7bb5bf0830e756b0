import { ConfigError } from '../core/errors.ts'
import { printHtml } from './document-pdf.ts'

/**
 * A picture as a PDF page of its size, for LaTeX: lines and letters stay what they are. Letters beyond the fonts that
 * every PDF reader has (Windows-1252) are set by Chromium where it is there, and become `?` elsewhere. Equal pictures
 * give equal bytes.
 *
 * throws  ConfigError if the library is not installed
 */
export async function svgToPdf(svg: string): Promise<Uint8Array> {
  const [width, height] = sizeOf(svg)
  if (otherLetters.test(svg.replaceAll('−', '–'))) {
    const { pdf } = await printHtml(
      `<!doctype html><meta charset="utf-8"><style>@page{size:${width}px ${height}px;margin:0}` +
        `body{margin:0}svg{display:block;width:${width}px;height:${height}px}</style>${svg}`,
    )
    if (pdf) return pdf
  }
  const [{ default: PDFDocument }, { default: draw }] = await libraries()
  const document = new PDFDocument({
    size: [width * pointsPerUnit, height * pointsPerUnit],
    margin: 0,
    // A fixed date: its identity is made of it too.
    info: { Producer: 'Millrace', Creator: 'Millrace', CreationDate: new Date(0) },
  })
  const chunks: Uint8Array[] = []
  const ended = new Promise<void>((resolve, reject) => {
    document.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    document.on('end', () => resolve())
    document.on('error', reject)
  })
  draw(document, plainText(svg), 0, 0, {
    width: width * pointsPerUnit,
    height: height * pointsPerUnit,
    assumePt: true,
    fontCallback: (_family: string, bold: boolean, italic: boolean) =>
      `Helvetica${bold || italic ? '-' : ''}${bold ? 'Bold' : ''}${italic ? 'Oblique' : ''}`,
    warningCallback: () => {},
  })
  document.end()
  await ended
  return Buffer.concat(chunks)
}

/** Letters that the standard fonts have not. */
const otherLetters = /[^\x20-\x7f\t\n\xa0-\xff–—‘’“”…€•†‡ŒœŠšŽžŸ™]/u

/** CSS pixels are 1/96 inch, points 1/72. */
const pointsPerUnit = 0.75

function sizeOf(svg: string): [width: number, height: number] {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!
  return [Number(width), Number(height)]
}

/** Text that the standard fonts can set. The picture's markup is ASCII but for its text. */
function plainText(svg: string): string {
  return (
    svg
      .normalize('NFC')
      // The page has the picture's size: were it said here too, it would be taken for points.
      .replace(/^<svg([^>]*?) width="[\d.]+" height="[\d.]+"/, '<svg$1')
      .replaceAll('−', '–')
      .replace(new RegExp(otherLetters, 'gu'), '?')
  )
}

async function libraries() {
  try {
    return await Promise.all([import('pdfkit'), import('svg-to-pdfkit')])
  } catch (cause) {
    throw new ConfigError('PDF_MISSING', {
      what: 'figures cannot be written as PDF',
      why: 'the packages pdfkit and svg-to-pdfkit are not installed',
      mend: 'npm install pdfkit svg-to-pdfkit',
      cause,
    })
  }
}
