declare module 'svg-to-pdfkit' {
  export default function draw(
    document: PDFKit.PDFDocument,
    svg: string,
    x: number,
    y: number,
    options: Record<string, unknown>,
  ): void
}
