/** The desktop app: where it is built, and what it needs. */
import path from 'node:path';
import { root } from './project.mjs';

export const shell = path.join(root, 'desktop', 'shell');
/** A build folder of its own: its workspace is one of its own too. */
const built = path.resolve(process.env.CARGO_TARGET_DIR ?? path.join(shell, 'target'));
const folder = path.join(built, 'debug');

export const desktopApp = path.join(folder, 'stillhere-desktop');
/** What the tests put in place of a desktop's own services. */
export const desktopServices = path.join(folder, 'examples', 'desktop-services');
