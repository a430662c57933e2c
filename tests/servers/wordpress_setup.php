<?php
// Make a user of a role with an application password, and print both as JSON: setup.php FOLDER NAME ROLE.
[, $folder, $name, $role] = $argv;
$_SERVER['HTTP_HOST'] = '127.0.0.1';
require $folder . '/wp-load.php';
update_option('permalink_structure', '/%postname%/');
update_option('timezone_string', 'Asia/Jakarta');
$id = wp_insert_user(['user_login' => $name, 'user_pass' => wp_generate_password(), 'role' => $role]);
if (is_wp_error($id)) {
    fwrite(STDERR, $id->get_error_message());
    exit(1);
}
[$password] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'uji']);
echo json_encode(['id' => (string) $id, 'username' => $name, 'password' => $password]), "\n";
