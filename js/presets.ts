export { authority } from './presets/authority.ts';
export { genesysCloud } from './presets/genesys-cloud.ts';
export { keycloak } from './presets/keycloak.ts';
export { oidcRefresh } from './presets/oidc-refresh.ts';
export { okta } from './presets/okta.ts';
export { slidingCookie } from './presets/sliding-cookie.ts';
