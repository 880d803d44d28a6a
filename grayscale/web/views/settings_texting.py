from flask import Blueprint

bp = Blueprint("settings_texting", __name__)
