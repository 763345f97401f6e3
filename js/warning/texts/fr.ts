// In the order of `TEXTS` in ../options.ts.
export default [
  'Êtes-vous toujours là ?',
  'À zéro, votre session se ferme. Une touche, un clic ou un appui suffit pour rester connecté, dans tous les onglets.',
  'Votre session se fermera {time}.',
  'Je suis là',
  'Se déconnecter',
  'Pas de connexion au serveur. Si elle n’est pas rétablie à temps, votre session se ferme.',
  'Vérification de votre session',
  'Votre session est fermée',
  'Se reconnecter',
  'Aucune activité depuis trop longtemps.',
  'Votre temps de travail est terminé.',
  'Votre session a été fermée par l’administration ou n’est plus valable.',
  'Vous vous êtes déconnecté, ici ou dans un autre onglet.',
  'Le serveur était injoignable : votre session a été fermée par sécurité.',
  'Votre connexion n’existe plus.',
];
