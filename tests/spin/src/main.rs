//! `spin-stand-in up`: started as `spin up` is, with the same arguments.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let cli::Cli { command: cli::Command::Up(up) } = cli::Cli::parse();
    match run(&up).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(up: &cli::Up) -> Result<(), Box<dyn std::error::Error>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let running = up.spin()?.start().await?;
    println!("\nServing http://{}", running.address());
    println!("Available Routes:");
    for route in running.routes() {
        println!("  {route}");
    }
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    running.stop().await;
    Ok(())
}
