import {
  type Block,
  type Cell,
  type FigureContent,
  type HeadCell,
  inlineParts,
  type Note,
  type TableContent,
} from './document.ts'
import { documentStyle } from './document-style.ts'
import { element, escapeText, textElement } from './svg.ts'

/** A document as one HTML file that needs nothing else: no script, no network. */
export function renderHtml(title: string, blocks: readonly Block[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    textElement('title', {}, title),
    `<style>${documentStyle}</style>`,
    element('main', {}, ...blocks.map((block) => `\n${blockHtml(block)}`), '\n'),
    '</html>\n',
  ].join('\n')
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return element(`h${block.level}`, { id: block.id }, inline(block.text))
    case 'text':
      return element('p', {}, inline(block.text))
    case 'list':
      return element('ul', {}, ...block.items.map((item) => element('li', {}, inline(item))))
    case 'table':
      return tableHtml(block.table)
    case 'figure':
      return figureHtml(block.figure)
  }
}

function tableHtml({ id, title, caption, head, align, rows, notes }: TableContent): string {
  const side = (column: number) => (align[column] === 'right' ? { class: 'number' } : {})
  return element(
    'figure',
    { id, class: 'table' },
    captionHtml(title, caption),
    element(
      'div',
      { class: 'scroll' },
      element(
        'table',
        {},
        element('thead', {}, ...head.map((row) => element('tr', {}, ...headCells(row, align)))),
        element(
          'tbody',
          {},
          ...rows.map(({ kind, rule, cells }) =>
            element(
              'tr',
              { class: [kind, ...(rule ? ['rule'] : [])].join(' ') },
              ...cells.map((cell, column) =>
                column === 0
                  ? element('th', { scope: 'row' }, cellHtml(cell))
                  : element('td', cellClass(cell, side(column).class), cellHtml(cell)),
              ),
            ),
          ),
        ),
      ),
    ),
    notesHtml(notes),
  )
}

function headCells(row: readonly HeadCell[], align: TableContent['align']): string[] {
  let column = 0
  return row.map(({ text, quiet, span = 1 }) => {
    const kind = span > 1 ? 'span' : align[column] === 'right' ? 'number' : undefined
    column += span
    return element(
      'th',
      { scope: span > 1 ? 'colgroup' : 'col', colspan: span > 1 ? span : undefined, class: kind },
      escapeText(text),
      quiet ? ` ${textElement('small', {}, quiet)}` : '',
    )
  })
}

function cellClass({ kind }: Cell, side: string | undefined) {
  const classes = [side, kind].filter(Boolean).join(' ')
  return classes ? { class: classes } : {}
}

function cellHtml({ text, quiet, marks }: Cell): string {
  return [
    escapeText(text),
    quiet ? ` ${textElement('small', {}, quiet)}` : '',
    marks ? textElement('sup', {}, marks) : '',
  ].join('')
}

function figureHtml({ id, title, caption, svg, width, notes }: FigureContent): string {
  return element(
    'figure',
    { id, class: 'picture' },
    svg
      ? element('div', { class: 'drawing', style: `max-width:${Math.round(width * 46)}rem` }, svg)
      : element('p', { class: 'nothing' }, 'Nothing to draw yet.'),
    captionHtml(title, caption),
    notesHtml(notes),
  )
}

function captionHtml(title: string, caption: readonly string[]): string {
  return element(
    'figcaption',
    {},
    element('b', {}, inline(title.replace(/\.?$/, '.'))),
    ...caption.map((sentence) => ` ${inline(sentence)}`),
  )
}

function notesHtml(notes: readonly Note[]): string {
  if (notes.length === 0) return ''
  return element(
    'ul',
    { class: 'notes' },
    ...notes.map(({ mark, text }) =>
      element('li', {}, mark ? `${textElement('sup', {}, mark)} ` : '', inline(text)),
    ),
  )
}

function inline(text: string): string {
  return inlineParts(text)
    .map(({ text, code }) => (code ? textElement('code', {}, text) : escapeText(text)))
    .join('')
}
