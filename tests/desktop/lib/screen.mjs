/** What is on the screen: Xvfb keeps its picture in a file (`-fbdir`), in the form of xwd. */
import { closeSync, openSync, readSync } from 'node:fs';

/** Fields of the header, in bytes (XWDFile.h). */
const [SIZE, WIDTH, HEIGHT, LINE, COLORS] = [0, 16, 20, 48, 76];
const BYTES_PER_COLOR = 12;
/** What the page in tests/desktop/pages is filled with: blue, green, red. */
const CONTENT = [0xff, 0x00, 0xff];

/** @param {string} file */
export function openScreen(file) {
  const screen = openSync(file, 'r');
  const header = Buffer.alloc(100);
  readSync(screen, header, 0, 100, 0);
  const at = (/** @type {number} */ field) => header.readUInt32BE(field);
  const pixels = at(SIZE) + at(COLORS) * BYTES_PER_COLOR;
  const pixel = Buffer.alloc(4);
  /** Places all over the screen, so that no part of a window is missed. @type {number[]} */
  const places = [];
  for (let y = 4; y < at(HEIGHT); y += 16) {
    for (let x = 4; x < at(WIDTH); x += 64) places.push(pixels + y * at(LINE) + x * 4);
  }
  return {
    /** Whether anything of the page can be seen. */
    showsContent() {
      return places.some((place) => {
        readSync(screen, pixel, 0, 4, place);
        return CONTENT.every((part, index) => pixel[index] === part);
      });
    },
    close: () => closeSync(screen),
  };
}
