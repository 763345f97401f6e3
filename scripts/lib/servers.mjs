/** The servers that the authority is tested with. */
import { install, onPath } from './packages.mjs';

export const findNginx = () => onPath(['nginx']);
const findRedis = () => onPath(['redis-server', 'valkey-server']);

/** Gets them if it can. What is missing after that fails its own tests, which say so. */
export async function ensureServers() {
  if (!findNginx()) await install('nginx', ['nginx-light']);
  if (!findRedis()) await install('Redis', ['redis-server']);
}
