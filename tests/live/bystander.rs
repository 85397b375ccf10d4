//! A PostgreSQL that is not ours: whatever happens, it goes on answering with all its rows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::chown;
use pgcascade::engine::deploy::Run;

use crate::cli::signal;
use crate::scene::{Scene, free_ports, prepare};

/// A PostgreSQL that was made by hand, as people's own are, with rows in it.
pub struct Bystander {
    _scene: Scene,
    server: Child,
    port: u16,
}

impl Bystander {
    pub async fn new() -> Self {
        let scene = Scene::named("pgc-bystander-");
        let [port] = free_ports();
        let (_, Run { machine, .. }) = prepare(
            &crate::scene::design(&format!("m {port}\n")).await,
            &scene.folder(),
        )
        .await;
        let bin = PathBuf::from(&machine.tools[0].bin);
        let data = scene.path().join("theirs");
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        let program = |name: &str| {
            let mut command = Command::new(bin.join(name));
            command
                .env("LC_ALL", "C")
                .arg("-D")
                .arg(&data)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            if let Some(user) = &machine.run_as {
                chown(&data, Some(user.uid.into()), Some(user.gid.into())).unwrap();
                command.uid(user.uid).gid(user.gid);
            }
            command.current_dir(&data);
            command
        };
        let made = program("initdb")
            .args(["-N", "-A", "trust", "-U", "postgres"])
            .status();
        assert!(made.unwrap().success());
        let conf = format!("port = {port}\nunix_socket_directories = ''\nfsync = off\n");
        fs::write(data.join("postgresql.conf"), conf).unwrap();
        let server = program("postgres").spawn().unwrap();
        let bystander = Self {
            _scene: scene,
            server,
            port,
        };
        let rows = "CREATE TABLE theirs AS SELECT n FROM generate_series(1, 1000) AS n";
        bystander.client().await.batch_execute(rows).await.unwrap();
        bystander
    }

    async fn client(&self) -> tokio_postgres::Client {
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut config = tokio_postgres::Config::new();
        config
            .host("127.0.0.1")
            .port(self.port)
            .user("postgres")
            .dbname("postgres");
        loop {
            match config.connect(tokio_postgres::NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                Err(error) => assert!(
                    Instant::now() < deadline,
                    "the bystander does not answer: {error}"
                ),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The same process answers with every row.
    pub async fn assert_untouched(&mut self) {
        assert!(
            self.server.try_wait().unwrap().is_none(),
            "the bystander has ended"
        );
        let all = "SELECT count(*), sum(n) FROM theirs";
        let row = self.client().await.query_one(all, &[]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1000, 500_500));
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        signal(&self.server, Signal::SIGQUIT);
        let _ = self.server.wait();
    }
}
