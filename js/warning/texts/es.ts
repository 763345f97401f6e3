// In the order of `TEXTS` in ../options.ts.
export default [
  '¿Sigue ahí?',
  'Al llegar a cero se cerrará su sesión. Cualquier tecla, clic o toque la mantiene abierta en todas las pestañas.',
  'Su sesión se cerrará {time}.',
  'Sigo aquí',
  'Cerrar sesión ahora',
  'Sin conexión. Si no vuelve antes de que acabe el tiempo, se cerrará su sesión.',
  'Comprobando si su sesión sigue abierta',
  'Su sesión está cerrada',
  'Volver a iniciar sesión',
  'No hubo actividad durante demasiado tiempo.',
  'Su jornada ha terminado.',
  'La administración cerró su sesión, o esta ya no es válida.',
  'Usted cerró la sesión, aquí o en otra pestaña.',
  'No se pudo contactar con el servidor. Por seguridad se cerró su sesión.',
  'Su inicio de sesión ya no existe.',
];
