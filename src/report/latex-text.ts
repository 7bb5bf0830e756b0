/** Plain text as LaTeX that every engine sets. Letters that pdfTeX's fonts have not are told by their number. */
export function escapeLatex(text: string): string {
  let out = ''
  // In don't, 2013's and words' it is an apostrophe; its upright form, which is kept elsewhere, may be a bitmap.
  const plain = text
    .normalize('NFC')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/(?<=[\p{L}\p{N}])'(?=\p{L})|(?<=s)'(?= \p{L})/gu, '’')
  for (const character of plain) out += escapeCharacter(character)
  return out
}

/**
 * What documents and tables need: to be put once before `\begin{document}`, or before a table that stands alone.
 * Without Latin Modern, T1 would be set in bitmaps: `ae` makes its letters of Computer Modern's outlines, but for a few.
 * XeTeX and LuaTeX set any letter that the document's font has.
 */
export const latexPreamble = String.raw`\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
  \newcommand*{\bitmapletter}[2]{\DeclareTextCommand{#1}{T1}{{\fontfamily{cmr}\selectfont\char#2 }}}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{\usepackage{ae}
    \bitmapletter{\DH}{208}\bitmapletter{\dh}{240}\bitmapletter{\TH}{222}\bitmapletter{\th}{254}
    \bitmapletter{\DJ}{208}\bitmapletter{\textquotedbl}{34}}
\fi
\usepackage{textcomp}
\usepackage{array}
\usepackage{booktabs}
\usepackage{longtable}
\usepackage{graphicx}
\usepackage{xcolor}`

/**
 * Commands of tables and text: for letters beyond pdfTeX's fonts, for tables that are as wide as they are but never
 * wider than a line, and for what is the paper's.
 */
export const latexCommands = String.raw`\providecommand{\othercharacter}[2]{\ifdefined\Umathchar\char"#1\relax\else{\scriptsize[#2]}\fi}
\ifdefined\tablebox\else\newsavebox{\tablebox}\fi
\providecommand{\fittable}{\ifdim\wd\tablebox>\linewidth\resizebox{\linewidth}{!}{\usebox{\tablebox}}\else\usebox{\tablebox}\fi}
\providecommand{\quiet}[1]{\leavevmode{\color{black!60}#1}}`

function escapeCharacter(character: string): string {
  const known = escapes[character]
  if (known !== undefined) return known
  const code = character.codePointAt(0)!
  if (code >= 0x20 && code < 0x7f) return character
  if (code < 0x20) return ' '
  if ((code >= 0xc0 && code <= 0xff && code !== 0xd7 && code !== 0xf7) || latinExtended.test(character))
    return character
  // Accents that stand alone belong to no letter of these fonts.
  const hex = code.toString(16).toUpperCase().padStart(4, '0')
  return `\\othercharacter{${hex}}{U+${hex}}`
}

/** Letters of Latin Extended-A that the T1 fonts have. */
const latinExtended = /[ĂăĄąĆćČčĎďĐđĒēĘęĚěĞğĪīİıĹĺĽľŁłŃńŇňŐőŒœŔŕŘřŚśŞşŠšŢţŤťŪūŮůŰűŸŹźŻżŽžĀā]/

const escapes: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  _: '\\_',
  '%': '\\%',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  "'": '\\textquotesingle{}',
  '`': '\\textasciigrave{}',
  '–': '--',
  '—': '---',
  '‘': '`',
  '’': "'",
  '“': '``',
  '”': "''",
  '…': '\\ldots{}',
  '\u00a0': '~',
  '\u202f': '~',
  '±': '$\\pm$',
  '×': '$\\times$',
  '÷': '$\\div$',
  '−': '$-$',
  '·': '$\\cdot$',
  '→': '$\\rightarrow$',
  '≥': '$\\ge$',
  '≤': '$\\le$',
  '≈': '$\\approx$',
  '√': '$\\surd$',
  ρ: '$\\rho$',
  δ: '$\\delta$',
  μ: '$\\mu$',
  µ: '$\\mu$',
  '°': '\\textdegree{}',
  '§': '\\S{}',
  '½': '\\textonehalf{}',
  '¾': '\\textthreequarters{}',
  '©': '\\textcopyright{}',
  '£': '\\pounds{}',
  '€': '\\texteuro{}',
  '²': '$^2$',
  '³': '$^3$',
}
