/** The write-up's style, on screens of any width and on A4. */
export const documentStyle = `
:root { --ink: #1b1f22; --quiet: #5e666b; --line: #cfd3d1; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: var(--ink);
  font: 16px/1.55 Charter, "Bitstream Charter", "Noto Serif", Cambria, Georgia, serif; }
main { max-width: 50rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 0.8rem; padding-top: 0.8rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2.2rem 0 0.5rem; }
p, li { overflow-wrap: break-word; }
p { margin: 0 0 0.8rem; }
ul { margin: 0 0 0.8rem; padding-left: 1.2rem; }
figure { margin: 1.6rem 0; }
figcaption { font-size: 0.88rem; line-height: 1.45; color: var(--quiet); margin: 0 0 0.6rem; }
figcaption b { color: var(--ink); }
.picture figcaption { margin: 0.5rem 0 0; }
.drawing { margin: 0 auto; }
.drawing svg { display: block; width: 100%; height: auto; }
.nothing { color: var(--quiet); font-style: italic; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; border: solid var(--ink); border-width: 1.5px 0; font-size: 0.92rem;
  font-variant-numeric: tabular-nums lining-nums; }
thead tr:last-child > * { border-bottom: 1px solid var(--ink); }
th, td { text-align: left; vertical-align: baseline; padding: 0.22rem 1.1rem 0.22rem 0; font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-weight: 600; vertical-align: bottom; }
thead .span { text-align: center; border-bottom: 1px solid var(--line); padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
tbody th { min-width: 4.5rem; }
tr.rule > * { border-top: 1px solid var(--line); }
tr.paper, td.paper { color: var(--quiet); }
tr.paper > * { padding-top: 0; }
tr.rule ~ tr.paper > *, tr.rule > * { padding-top: 0.22rem; }
tr.paper { font-size: 0.92em; }
small { font-size: 0.82em; font-weight: 400; color: var(--quiet); white-space: nowrap; }
thead .number small { display: block; }
sup { font-size: 0.72em; line-height: 0; color: var(--quiet); padding-left: 0.1em; }
.notes { list-style: none; padding: 0; margin: 0.6rem 0 0; font-size: 0.84rem; line-height: 1.45; color: var(--quiet); }
.notes li { margin: 0 0 0.25rem; }
code { font: 0.88em ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  main { padding-top: 1.5rem; }
  h1 { font-size: 1.5rem; }
  th, td { padding-right: 0.8rem; }
}
@page { size: A4; margin: 22mm 20mm; }
@media print {
  main { max-width: none; padding: 0; }
  body { font-size: 10pt; }
  h1, h2, h3 { break-after: avoid; }
  h2 { margin-top: 1.6rem; }
  .picture, figcaption, li, tr { break-inside: avoid; }
  .table { break-inside: auto; }
  .table figcaption { break-after: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8.5pt; }
  th, td { padding-right: 0.7rem; }
  .number { white-space: normal; }
}
`
