import { expect, test } from 'vitest'
import { element, escapeText, picture, standalone, textElement } from './svg.ts'

test('text and attributes are escaped, children are not', () => {
  expect(escapeText(`<a href="x">'&`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;')
  expect(element('g', { title: 'a"b', x: 1.23456, y: undefined }, textElement('b', {}, '<i>'))).toBe(
    '<g title="a&quot;b" x="1.23"><b>&lt;i&gt;</b></g>',
  )
})

test('a picture that stands alone brings its style', () => {
  const svg = standalone(picture({ width: 10, height: 20, label: 'a > b' }, element('circle', { r: 1 })))
  expect(svg).toMatch(/^<svg xmlns="[^"]+" viewBox="-16 -16 42 52" role="img" aria-label="a &gt; b"><style>/)
  expect(svg).toContain('prefers-color-scheme: dark')
  expect(svg.trimEnd().endsWith('<circle r="1"></circle></svg>')).toBe(true)
})
