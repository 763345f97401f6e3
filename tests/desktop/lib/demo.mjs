/** The demo's pages, which know the desktop app. */
import path from 'node:path';
import { root } from '../../../scripts/lib/project.mjs';

export const demo = path.join(root, 'www');
