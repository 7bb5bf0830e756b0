/** Text made safe inside HTML and SVG, attribute values included. */
export function escapeText(text: unknown): string {
  return String(text).replace(/[&<>"']/g, (character) => entities[character]!)
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export type Attributes = Record<string, string | number | undefined>

/** An element of SVG or HTML. Attributes are escaped, and left out when undefined; children are markup already. */
export function element(name: string, attributes: Attributes = {}, ...children: string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeText(typeof value === 'number' ? short(value) : value)}"`)
    .join('')
  return `<${name}${written}>${children.join('')}</${name}>`
}

/** An element that holds text. */
export function textElement(name: string, attributes: Attributes, text: unknown): string {
  return element(name, attributes, escapeText(text))
}

/** A whole picture: `size` in its own units, which scale to the width of the page. */
export function picture(
  { width, height, label }: { width: number; height: number; label: string },
  ...children: string[]
): string {
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': label,
    },
    ...children,
  )
}

/** Makes a picture that stands alone in a file, with some paper around it: its colours and fonts travel inside it, light and dark. */
export function standalone(svg: string): string {
  const padding = 16
  return `${svg
    .replace(/viewBox="0 0 ([\d.]+) ([\d.]+)"/, (_, width, height) => {
      return `viewBox="${-padding} ${-padding} ${Number(width) + 2 * padding} ${Number(height) + 2 * padding}"`
    })
    .replace('>', `><style>${pictureStyle}svg{background:var(--paper)}</style>`)}\n`
}

/** Colours and type of the pictures: in the page's style sheet, or inside a picture that stands alone. */
export const pictureStyle = `
:root {
  --paper: #fcfcfa; --ink: #1d2327; --quiet: #626b71; --line: #dcdfdd; --accent: #1f6f8b;
  --group-0: #1f6f8b; --group-1: #b4521e; --group-2: #4b7a2b; --group-3: #8a4fa3; --group-4: #a87500;
  --group-5: #b83a5e; --group-6: #4a63b8; --group-7: #6f6256; --group-8: #15806b;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15191c; --ink: #e4e7e6; --quiet: #98a2a6; --line: #32393d; --accent: #6bb8d1;
    --group-0: #6bb8d1; --group-1: #f0935f; --group-2: #94c973; --group-3: #cc9be0; --group-4: #e2b64b;
    --group-5: #f08ba6; --group-6: #93a8f2; --group-7: #bfb0a2; --group-8: #5fccb2;
  }
}
svg { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
svg text { fill: var(--ink); font-size: 13px; }
svg .quiet { fill: var(--quiet); }
svg .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .epoch { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 3; opacity: 0.7; }
svg .level { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 6 4; }
svg .curve { fill: none; stroke: var(--accent); stroke-width: 1.8; stroke-linejoin: round; }
${Array.from({ length: 9 }, (_, i) => `svg .group-${i} { fill: var(--group-${i}); }`).join('\n')}
`

/** Two decimals are finer than any screen. */
function short(value: number): string {
  return String(Math.round(value * 100) / 100)
}
